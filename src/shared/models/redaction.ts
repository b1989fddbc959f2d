/** Shorter ones occur by chance, and are no secrets. Characters. */
const MIN_SECRET = 6;

/**
 * Takes secrets out of what others say: whole values, and the part behind the scheme, as in `Bearer …`, also in the letters of JSON.
 *
 * @param secrets values of headers
 * @returns the value with `[secret]` in their place; what holds none comes back as it is
 */
export function redactionOf(secrets: readonly string[]): { readonly text: (text: string) => string; readonly json: (value: unknown) => unknown } {
  const parts = [...new Set(secrets.flatMap((secret) => [secret, secret.slice(secret.indexOf(' ') + 1)]))].filter(({ length }) => length >= MIN_SECRET);
  // The longest first: one may be part of another.
  const ordered = parts.toSorted((one, other) => other.length - one.length);
  const text = (said: string): string => ordered.reduce((rest, part) => rest.replaceAll(part, '[secret]').replaceAll(JSON.stringify(part).slice(1, -1), '[secret]'), said);
  const json = (value: unknown): unknown => {
    const before = JSON.stringify(value) ?? 'null';
    const after = text(before);
    return after === before ? value : (JSON.parse(after) as unknown);
  };
  return { text, json };
}
