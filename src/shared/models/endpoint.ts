/** Which server a base URL is, for keys and for people: neither user and password nor a query, which may hold a key. */
export function endpointOf(baseUrl: string): string {
  const { origin, pathname } = new URL(baseUrl);
  return origin + pathname.replace(/\/+$/, '');
}
