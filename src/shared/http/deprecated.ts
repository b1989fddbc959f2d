import { type CustomDecorator, SetMetadata } from '@nestjs/common';

/** What takes the place of a route, and since when. */
export interface Deprecation {
  /** Date, UTC: `2026-11-21`. */
  readonly since: string;
  /** Path of the route that is meant to be used; `:name` stands for the parameter of that name. */
  readonly successor: string;
}

/** Metadata key that the interceptor reads. */
export const DEPRECATION = 'nooble:deprecation';

/** The route still answers, says in its headers that it should not be used any more, and is counted. Its docstring says `@deprecated`, for the OpenAPI document. */
export function Deprecated(deprecation: Deprecation): CustomDecorator {
  return SetMetadata(DEPRECATION, deprecation);
}

/**
 * `Deprecation` and `Link` of an answer.
 *
 * @source RFC 9745, section 2.1 (a structured-field date: `@` and seconds); RFC 8288 and RFC 5829 (successor-version)
 */
export function deprecationHeaders({ since, successor }: Deprecation, params: Readonly<Record<string, unknown>>): Readonly<Record<'deprecation' | 'link', string>> {
  const path = successor.replaceAll(/:([A-Za-z]+)/g, (_, name: string) => encodeURIComponent(String(params[name])));
  return { deprecation: `@${String(Date.parse(since) / 1_000)}`, link: `<${path}>; rel="successor-version"` };
}
