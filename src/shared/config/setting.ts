/** Which environment variable fills which field of which settings class. */
const FIELDS = new Map<object, Map<string, string>>();

/** Marks a field of a settings class as read from an environment variable; its initial value is the default and fixes its type. */
export function Setting(variable: string): PropertyDecorator {
  return (target, property) => {
    const fields = FIELDS.get(target) ?? new Map<string, string>();
    fields.set(variable, String(property));
    FIELDS.set(target, fields);
  };
}

/** variable → field of one settings class, in the order of the source. */
export function settingFields(settingsClass: new () => object): ReadonlyMap<string, string> {
  return FIELDS.get(settingsClass.prototype as object) ?? new Map<string, string>();
}
