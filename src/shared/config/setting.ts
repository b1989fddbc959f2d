/** Which environment variable fills a field of a settings class. */
export interface SettingField {
  readonly field: string;
  /** Its value is never shown, not even when it is wrong. */
  readonly isSecret: boolean;
  /** Another name of the variable, read if it is not set. */
  readonly alias: string | undefined;
}

const FIELDS = new Map<object, Map<string, SettingField>>();

/** Marks a field of a settings class as read from an environment variable; its initial value is the default and fixes its type. */
export function Setting(variable: string, { isSecret = false, alias }: Partial<Pick<SettingField, 'isSecret' | 'alias'>> = {}): PropertyDecorator {
  return (target, property) => {
    const fields = FIELDS.get(target) ?? new Map<string, SettingField>();
    fields.set(variable, { field: String(property), isSecret, alias });
    FIELDS.set(target, fields);
  };
}

/** variable → field of one settings class, in the order of the source. */
export function settingFields(settingsClass: new () => object): ReadonlyMap<string, SettingField> {
  return FIELDS.get(settingsClass.prototype as object) ?? new Map<string, SettingField>();
}
