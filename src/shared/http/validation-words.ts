/** What class-validator says behind the name of the field, and what we say: the way out, in words of JSON. */
type Words = readonly [theirs: RegExp, ours: string];

/** By constraint. Sentences that a field brings itself match none of theirs, and stay. */
const WORDS: Readonly<Record<string, readonly Words[]>> = {
  whitelistValidation: [[/^should not exist$/, 'is no field here; leave it out, or look for the right name in /docs']],
  isString: [[/^must be a string$/, 'must be a text']],
  isInt: [[/^must be an integer number$/, 'must be a whole number']],
  isNumber: [[/^must be a number conforming to the specified constraints$/, 'must be a number']],
  isBoolean: [[/^must be a boolean value$/, 'must be true or false']],
  isArray: [[/^must be an array$/, 'must be a list']],
  isObject: [[/^must be an object$/, 'must be a JSON object']],
  nestedValidation: [[/^must be either object or array$/, 'must be a JSON object'], [/^must be an? .*$/, 'must be a list of JSON objects']],
  isIn: [[/^must be one of the following values: (.*)$/, 'must be one of $1']],
  isNotIn: [[/^should not be one of the following values: (.*)$/, 'must be none of $1']],
  min: [[/^must not be less than (.*)$/, 'must be at least $1']],
  max: [[/^must not be greater than (.*)$/, 'must be at most $1']],
  isLength: [
    [/^must be longer than or equal to (\d+) and shorter than or equal to (\d+) characters$/, 'must have $1 to $2 characters'],
    [/^must be longer than or equal to 1 characters$/, 'must not be empty'],
    [/^must be longer than or equal to (\d+) characters$/, 'must have at least $1 characters'],
    [/^must be shorter than or equal to (\d+) characters$/, 'must have at most $1 characters'],
  ],
  maxLength: [[/^must be shorter than or equal to (\d+) characters$/, 'must have at most $1 characters']],
  minLength: [[/^must be longer than or equal to (\d+) characters$/, 'must have at least $1 characters']],
  arrayMaxSize: [[/^must contain no more than (\d+) elements$/, 'must have at most $1 entries']],
  arrayMinSize: [[/^must contain at least 1 elements$/, 'must have an entry'], [/^must contain at least (\d+) elements$/, 'must have at least $1 entries']],
  arrayUnique: [[/^.*elements must be unique$/, 'must not have an entry twice']],
  isUuid: [[/^must be a UUID$/, 'must be a UUID, such as 01a1fd9d-4bb8-747b-a678-9791c7560477']],
  isIso8601: [[/^must be a valid ISO 8601 date string$/, 'must be a date and time such as 2030-01-31T12:00:00Z']],
  isUrl: [[/^must be a URL address$/, 'must be a URL such as https://example.com/path']],
  matches: [
    [/^must match \/\^\[A-Za-z0-9\._-\]\{1,128\}\$\/ regular expression$/, 'must have 1 to 128 of the characters A-Z a-z 0-9 . _ -'],
    [/^must match \/(.*)\/[a-z]* regular expression$/, 'must match $1'],
  ],
};

/** What class-validator puts before the name of the field, and what we put there. */
const LEADS: readonly (readonly [theirs: string, ours: string])[] = [['', ''], ['property ', ''], ['nested property ', ''], ['each value in nested property ', 'each entry of '], ['each value in ', 'each entry of ']];

/** Of lists, class-validator says "All tags's elements": the field is in the middle. */
const ALL = /^All (.+)'s elements must be unique$/;

/**
 * A sentence of class-validator's as one of ours.
 *
 * @param constraint class-validator's name of the rule
 * @param names property as the sentence has it, field as the caller has it: a dotted path
 */
export function inOurWords(constraint: string, message: string, { property, field }: { property: string; field: string }): string {
  if (ALL.test(message)) return `${field} must not have an entry twice`;
  const lead = LEADS.find(([theirs]) => message.startsWith(`${theirs}${property} `));
  if (!lead) return message;
  const [theirs, ours] = lead;
  const rest = message.slice(theirs.length + property.length + 1);
  const words = WORDS[constraint]?.find(([pattern]) => pattern.test(rest));
  return `${ours}${field} ${words ? rest.replace(...words) : rest}`;
}
