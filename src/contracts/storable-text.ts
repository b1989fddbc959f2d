/** Text as both stores can keep it: PostgreSQL has no NUL and no lone surrogate; each becomes U+FFFD. For text that nobody can be asked to mend, such as a model's. */
export function toStorableText(text: string): string {
  return text.toWellFormed().replaceAll('\u0000', '\uFFFD');
}
