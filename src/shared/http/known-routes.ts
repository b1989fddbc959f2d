/** Which methods there are for a path; filled while the routes are made. */
export class KnownRoutes {
  private readonly routes = new Map<string, { readonly pattern: RegExp; readonly methods: Set<string> }>();

  /** @param path with `:name` for one segment and `*` for everything */
  add(path: string, methods: readonly string[]): void {
    const route = this.routes.get(path) ?? { pattern: patternOf(path), methods: new Set() };
    for (const method of methods) route.methods.add(method);
    this.routes.set(path, route);
  }

  /** @param path as it was called, without its query; @returns in alphabetical order, none when there is no such path */
  methodsOf(path: string): string[] {
    const found = [...this.routes.values()].filter(({ pattern }) => pattern.test(path));
    return [...new Set(found.flatMap(({ methods }) => [...methods]))].sort();
  }
}

function patternOf(path: string): RegExp {
  const segments = path.split('/').map((segment) => {
    if (segment.startsWith(':')) return '[^/]+';
    return segment.split('*').map((text) => text.replace(/[\\^$.|?+()[\]{}]/g, '\\$&')).join('.*');
  });
  return new RegExp(`^${segments.join('/')}$`);
}
