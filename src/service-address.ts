/** Host and port, without the password. */
export function addressOf(url: string): string {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  return parsed?.host ?? 'an address that is not a URL';
}

/** What a driver says is wrong, on one line. */
export function reasonOf(error: unknown): string {
  const { code, message, errors } = error as { code?: string; message?: string; errors?: Error[] };
  const text = message !== undefined && message !== '' ? message : (errors?.[0]?.message ?? code ?? 'no answer');
  return text.split('\n')[0] ?? text;
}
