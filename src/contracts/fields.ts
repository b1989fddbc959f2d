import { Transform } from 'class-transformer';
import { IsBoolean, IsUUID, ValidateBy, ValidateIf } from 'class-validator';
import { MAX_MESSAGE_CHARACTERS } from './messages.js';

const BOOLEANS: ReadonlyMap<unknown, boolean> = new Map([['true', true], ['false', false]]);

/** The field may be left out; null is a value, and refused where it does not fit. */
export function Optional(): PropertyDecorator {
  return ValidateIf((_, value) => value !== undefined);
}

/** A UUID. Both spellings are read, the lower-case one is kept: Redis keys are compared letter by letter. */
export function IsId(): PropertyDecorator {
  return together(Transform(({ value }: { value: unknown }) => lowerCase(value)), IsUUID());
}

/** A boolean of a query: the words `true` and `false`, nothing else. */
export function IsQueryBoolean(): PropertyDecorator {
  const read = Transform(({ value }: { value: unknown }) => BOOLEANS.get(value) ?? value);
  return together(read, IsBoolean({ message: '$property must be true or false' }));
}

/** What a user says: text of 1 to {@link MAX_MESSAGE_CHARACTERS} UTF-16 code units. */
export function IsMessageText(): PropertyDecorator {
  const rule = `$property must be a text of 1 to ${String(MAX_MESSAGE_CHARACTERS)} characters`;
  const isText = (value: unknown): boolean => typeof value === 'string' && value.length >= 1 && value.length <= MAX_MESSAGE_CHARACTERS;
  return ValidateBy({ name: 'isMessageText', validator: { validate: isText, defaultMessage: () => rule } });
}

function together(...decorators: readonly PropertyDecorator[]): PropertyDecorator {
  return (target, property) => {
    for (const decorate of decorators) decorate(target, property);
  };
}

function lowerCase(value: unknown): unknown {
  return typeof value === 'string' ? value.toLowerCase() : value;
}
