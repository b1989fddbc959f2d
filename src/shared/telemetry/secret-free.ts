import { settingFields } from '../config/index.js';

const CENSOR = '[secret]';
/** A shorter one is no secret, and would be found in the middle of words. Characters. */
const MIN_SECRET_CHARACTERS = 12;

/** What a secret looks like, whoever's it is, and what takes its place. */
const SHAPES: readonly (readonly [RegExp, string])[] = [
  [/\bnk_[\w-]{8,}/g, `nk_${CENSOR}`],
  [/\b(Bearer|Basic)\s+[^\s"'\\,;]{8,}/gi, `$1 ${CENSOR}`],
  [/:\/\/[^\s"'\\/@]*:[^\s"'\\/@]*@/g, `://${CENSOR}@`],
  [/([?&](?:ticket|token|access_token|key|api_?key|secret|password|signature)=)[^&\s"'\\]+/gi, `$1${CENSOR}`],
];

/** Of this process, the longest first: one may be part of another. They are the process's as its environment is, so that whoever writes text for others need not be given them. */
let known: readonly string[] = [];

/**
 * From now on the values of the secret settings are in no text: each as it is, and the passwords in URLs alone.
 *
 * @param settings one instance per topic, as `loadSettings` made them
 */
export function rememberSecrets(settings: Iterable<object>): void {
  const secrets = [...settings].flatMap(secretValues).flatMap((value) => [value, ...passwordsIn(value)]).filter(({ length }) => length >= MIN_SECRET_CHARACTERS);
  // As they stand in JSON, too.
  const written = secrets.flatMap((secret) => [secret, JSON.stringify(secret).slice(1, -1)]);
  known = [...new Set([...known, ...written])].sort((a, b) => b.length - a.length);
}

function secretValues(settings: object): string[] {
  const fields = settingFields(settings.constructor as new () => object);
  const values = [...fields.values()].filter(({ isSecret }) => isSecret).map(({ field }) => Reflect.get(settings, field) as unknown);
  return values.filter((value) => typeof value === 'string');
}

function passwordsIn(value: string): string[] {
  const written = URL.canParse(value) ? new URL(value).password : '';
  return [written, decoded(written)];
}

function decoded(written: string): string {
  try {
    return decodeURIComponent(written);
  } catch {
    return written;
  }
}

/** The text without secrets: neither those that are {@link rememberSecrets | remembered}, nor what looks like a key, credentials or a ticket. */
export function secretFree(text: string): string {
  const withoutKnown = known.reduce((rest, secret) => rest.replaceAll(secret, CENSOR), text);
  return SHAPES.reduce((rest, [shape, censored]) => rest.replace(shape, censored), withoutKnown);
}
