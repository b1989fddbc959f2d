import { isIP } from 'node:net';
import { ValidateBy } from 'class-validator';

/** The entries of a text, with commas between; `fault` is null when all of them can be used. */
export interface ParsedList {
  readonly entries: readonly string[];
  readonly fault: string | null;
}

/** @param text origins as browsers send them, with commas between: `https://app.example.com`, `http://localhost:5173`; empty for none */
export function parseOriginList(text: string): ParsedList {
  return parse(text, (entry) => (isOrigin(entry) ? null : `entry "${entry}" must be an origin such as https://app.example.com, without a path; "*" and "null" would let every page in`));
}

/** @param text addresses and networks with commas between: `10.0.0.5`, `10.1.0.0/16`, `fd00::/8`; empty for none */
export function parseAddressList(text: string): ParsedList {
  return parse(text, (entry) => (isNetwork(entry) ? null : `entry "${entry}" must be an address or a network such as 10.0.0.0/8`));
}

function parse(text: string, faultOf: (entry: string) => string | null): ParsedList {
  const entries = text.split(',').map((entry) => entry.trim().toLowerCase()).filter((entry) => entry !== '');
  return { entries, fault: entries.map(faultOf).find((fault) => fault !== null) ?? null };
}

function isOrigin(entry: string): boolean {
  return /^https?:\/\//.test(entry) && URL.canParse(entry) && new URL(entry).origin === entry;
}

function isNetwork(entry: string): boolean {
  const [address = '', prefix, ...rest] = entry.split('/');
  const width = { 0: -1, 4: 32, 6: 128 }[isIP(address)] ?? -1;
  return rest.length === 0 && width > 0 && (prefix === undefined || (/^\d{1,3}$/.test(prefix) && Number(prefix) <= width));
}

/** Marks a field as a text of origins; its fault names the first entry that cannot be used. */
export function IsOriginList(): PropertyDecorator {
  return isList('isOriginList', parseOriginList);
}

/** Marks a field as a text of addresses and networks; its fault names the first entry that cannot be used. */
export function IsAddressList(): PropertyDecorator {
  return isList('isAddressList', parseAddressList);
}

function isList(name: string, read: (text: string) => ParsedList): PropertyDecorator {
  const faultIn = (value: unknown): string | null => (typeof value === 'string' ? read(value).fault : 'must be text');
  return ValidateBy({ name, validator: { validate: (value) => faultIn(value) === null, defaultMessage: (about) => faultIn(about?.value) ?? '' } });
}
