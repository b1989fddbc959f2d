import { validateSync } from 'class-validator';
import { AppError } from '../errors/index.js';
import { settingFields } from './setting.js';
import { SETTINGS_CLASSES } from './settings.js';

type SettingsClass = (typeof SETTINGS_CLASSES)[number];
type Environment = Readonly<Record<string, string | undefined>>;

/** The settings of the whole process, one validated instance per topic. */
export type Settings = ReadonlyMap<SettingsClass, object>;

/**
 * Reads and validates every setting at once.
 *
 * @param topics all of them, unless the caller needs only some
 * @throws SETTINGS_INVALID (invalid) naming every faulty variable, one a line
 */
export function loadSettings(environment: Environment = process.env, topics: readonly SettingsClass[] = SETTINGS_CLASSES): Settings {
  const faults: string[] = [];
  const settings = new Map(topics.map((topic) => [topic, fill(topic, environment, faults)]));
  if (faults.length > 0) {
    throw new AppError({ kind: 'invalid', code: 'SETTINGS_INVALID', message: `These settings cannot be used:\n  ${faults.join('\n  ')}` });
  }
  return settings;
}

function fill(topic: SettingsClass, environment: Environment, faults: string[]): object {
  const instance = new topic() as unknown as Record<string, unknown>;
  const fields = settingFields(topic);
  for (const [variable, { field, alias = variable }] of fields) {
    const text = [variable, alias].map((name) => environment[name] ?? '').find((value) => value !== '');
    if (text !== undefined) instance[field] = parse(text, typeof instance[field]);
  }
  for (const { property, constraints, value } of validateSync(instance)) {
    const rules = Object.values(constraints ?? {}).map((rule) => rule.replace(property, '').trim());
    const [variable, { isSecret } = { isSecret: true }] = [...fields].find(([, { field }]) => field === property) ?? [property];
    faults.push(`${variable}: ${rules.join(', ')}${isSecret ? '' : ` (it is ${JSON.stringify(value)})`}`);
  }
  return instance;
}

/** The text as the type of the default; what cannot be read stays text, and the field's own rule then names it. */
function parse(text: string, type: string): unknown {
  if (type === 'number') return /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : text;
  if (type === 'boolean') return { '1': true, true: true, '0': false, false: false }[text.toLowerCase()] ?? text;
  return text;
}
