/** A name as the part of a URL: lower-case letters, digits and hyphens; at most 64 characters, `agent` when nothing is left. */
export function slugOf(name: string): string {
  const ascii = name.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase();
  const slug = ascii.replace(/[^a-z0-9]+/g, '-').slice(0, 64).replace(/^-+|-+$/g, '');
  return slug === '' ? 'agent' : slug;
}
