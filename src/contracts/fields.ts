import { Transform } from 'class-transformer';
import { IsBoolean, IsDate, IsUUID, Matches, MaxLength, ValidateBy, ValidateIf, type ValidationArguments } from 'class-validator';
import { MAX_CONTENT_CHARACTERS, MAX_MESSAGE_CHARACTERS, MAX_METADATA_BYTES } from './messages.js';

const EXAMPLE_ID = '01a1fd9d-4bb8-747b-a678-9791c7560477';
const BOOLEANS: ReadonlyMap<unknown, boolean> = new Map([['true', true], ['false', false]]);

/** The field may be left out; null is a value, and refused where it does not fit. */
export function Optional(): PropertyDecorator {
  return ValidateIf((_, value) => value !== undefined);
}

/**
 * A UUID. Both spellings are read, the lower-case one is kept: Redis keys are compared letter by letter.
 *
 * @param rule.orElse what may be there in its place, said when it is missing
 */
export function IsId({ orElse }: { orElse?: string } = {}): PropertyDecorator {
  const message = ({ value }: ValidationArguments): string => `$property must be a UUID, ${orElse !== undefined && value === undefined ? `or ${orElse}` : `such as ${EXAMPLE_ID}`}`;
  return together(ReadInLowerCase(), IsUUID(undefined, { message }));
}

/** Of a field that goes on with a list: what it is made of is nobody's business. */
export const CURSOR_RULE = '$property must be the nextCursor of the page before, or be left out';

/** Where a list that is in the order of its UUIDs goes on. */
export function IsIdCursor(): PropertyDecorator {
  return together(ReadInLowerCase(), IsUUID(undefined, { message: CURSOR_RULE }));
}

/** Where a list that is in the order of whole numbers from 1 goes on. */
export function IsNumberCursor(max: number): PropertyDecorator {
  const isCursor = (value: unknown): boolean => typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= max;
  return ValidateBy({ name: 'isNumberCursor', validator: { validate: isCursor, defaultMessage: () => CURSOR_RULE } });
}

/** The field is refused together with these others. */
export function IsAlone(...others: readonly string[]): PropertyDecorator {
  const besides = (object: object): string[] => others.filter((other) => (object as Record<string, unknown>)[other] !== undefined);
  const defaultMessage = (about?: ValidationArguments): string => `$property cannot be sent together with ${besides(about?.object ?? {}).join(' and ')}; leave one of them out`;
  return ValidateBy({ name: 'isAlone', validator: { validate: (_, about) => besides(about?.object ?? {}).length === 0, defaultMessage } });
}

/** A boolean of a query: the words `true` and `false`, nothing else. */
export function IsQueryBoolean(): PropertyDecorator {
  const read = Transform(({ value }: { value: unknown }) => BOOLEANS.get(value) ?? value);
  return together(read, IsBoolean({ message: '$property must be true or false' }));
}

/** What a user says: text of 1 to {@link MAX_MESSAGE_CHARACTERS} UTF-16 code units, of which one at least is no blank. */
export function IsMessageText(): PropertyDecorator {
  const rule = `$property must be a text of 1 to ${String(MAX_MESSAGE_CHARACTERS)} characters, not of blanks alone`;
  const isText = (value: unknown): boolean => typeof value === 'string' && value.trim() !== '' && value.length <= MAX_MESSAGE_CHARACTERS;
  return ValidateBy({ name: 'isMessageText', validator: { validate: isText, defaultMessage: () => rule } });
}

/** What a conversation keeps: text of at most {@link MAX_CONTENT_CHARACTERS} UTF-16 code units, empty too. */
export function IsContent(): PropertyDecorator {
  const rule = `$property must be a text of at most ${String(MAX_CONTENT_CHARACTERS)} characters`;
  const isContent = (value: unknown): boolean => typeof value === 'string' && value.length <= MAX_CONTENT_CHARACTERS;
  return ValidateBy({ name: 'isContent', validator: { validate: isContent, defaultMessage: () => rule } });
}

/** Longest URL of a receiver, UTF-16 code units. A guess: what servers and proxies take. */
export const MAX_URL_CHARACTERS = 2_048;

/** Who is told over HTTP; whether the host may be reached is asked elsewhere. */
export function IsWebhookUrl(): PropertyDecorator {
  return together(MaxLength(MAX_URL_CHARACTERS), Matches(/^https?:\/\/\S+$/i, { message: '$property must be a URL that begins with https:// or http://' }));
}

/** What a caller keeps with a thing of ours: a JSON object of at most {@link MAX_METADATA_BYTES}. */
export function IsMetadata(): PropertyDecorator {
  const rule = `$property must be a JSON object of at most ${String(MAX_METADATA_BYTES)} bytes`;
  const isMetadata = (value: unknown): boolean => typeof value === 'object' && value !== null && !Array.isArray(value) && Buffer.byteLength(JSON.stringify(value)) <= MAX_METADATA_BYTES;
  return together(Verbatim(), ValidateBy({ name: 'isMetadata', validator: { validate: isMetadata, defaultMessage: () => rule } }));
}

/** The field as it was sent. class-transformer copies objects field by field, and leaves out what every object has a method of that name for: `constructor`, `toString`. */
export function Verbatim(): PropertyDecorator {
  return Transform(({ obj, key }: { obj: Record<string, unknown>; key: string }) => obj[key]);
}

/** A date and time in ISO 8601, read as a Date. */
export function IsTime(): PropertyDecorator {
  const read = Transform(({ value }: { value: unknown }) => (typeof value === 'string' && ISO_TIME.test(value) ? new Date(value) : value));
  return together(read, IsDate({ message: '$property must be a date and time such as 2030-01-31T12:00:00Z' }));
}

const ISO_TIME = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:?\d{2})?)?$/;

/** Several decorators as one. */
export function together(...decorators: readonly PropertyDecorator[]): PropertyDecorator {
  return (target, property) => {
    for (const decorate of decorators) decorate(target, property);
  };
}

function ReadInLowerCase(): PropertyDecorator {
  return Transform(({ value }: { value: unknown }) => (typeof value === 'string' ? value.toLowerCase() : value));
}
