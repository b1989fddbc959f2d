import { BlockList, isIP } from 'node:net';
import { ValidateBy, type ValidationOptions } from 'class-validator';

/** Hosts by name and by address, as an operator lists them. */
export interface HostList {
  readonly isEmpty: boolean;
  /** @param name lower case, without a dot at its end */
  readonly hasName: (name: string) => boolean;
  /** @param address IPv4, or IPv6 without brackets; an IPv4 address in an IPv6 one is itself */
  readonly hasAddress: (address: string) => boolean;
}

/** What a text of hosts says; `fault` is null when all of it can be used. */
export interface ParsedHostList {
  readonly hosts: HostList;
  readonly fault: string | null;
}

const NAME = /^(\*\.)?([a-z0-9_]([a-z0-9_-]*[a-z0-9_])?\.)*[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?$/;
/** Ends in a number, so a URL would read it as an IPv4 address: decimal, octal or hexadecimal, with four parts or fewer. */
const NUMBERS = /(^|\.)(\d+|0x[0-9a-f]*)$/;

/** @param text entries with commas between: `api.example.com`, `*.example.com` (every name below it, not itself), `10.1.2.3`, `10.0.0.0/8`, `fd00::/8`; empty for none */
export function parseHostList(text: string): ParsedHostList {
  const [names, below, addresses] = [new Set<string>(), [] as string[], new BlockList()];
  const entries = text.split(',').map((entry) => entry.trim().toLowerCase()).filter((entry) => entry !== '');
  const hosts: HostList = {
    isEmpty: entries.length === 0,
    hasName: (name) => names.has(name) || below.some((end) => name.endsWith(end)),
    hasAddress: (address) => addresses.check(address, familyOf(address)),
  };
  for (const entry of entries) {
    const [address = '', prefix] = entry.replace(/^\[(.*)\]$/, '$1').split('/');
    if (isIP(address) !== 0 && isPrefix(address, prefix)) addresses.addSubnet(address, Number(prefix ?? widthOf(address)), familyOf(address));
    else if (!NAME.test(entry) || NUMBERS.test(entry)) return { hosts, fault: `entry "${entry}" must be a host name, *.name, an address, or a network such as 10.0.0.0/8` };
    else if (entry.startsWith('*.')) below.push(entry.slice(1));
    else names.add(entry);
  }
  return { hosts, fault: null };
}

const familyOf = (address: string): 'ipv4' | 'ipv6' => (isIP(address) === 6 ? 'ipv6' : 'ipv4');
const widthOf = (address: string): number => (isIP(address) === 6 ? 128 : 32);

function isPrefix(address: string, prefix: string | undefined): boolean {
  return prefix === undefined || (/^\d{1,3}$/.test(prefix) && Number(prefix) <= widthOf(address));
}

/** Marks a field as a text of hosts; its fault names the first entry that cannot be used. */
export function IsHostList(options?: ValidationOptions): PropertyDecorator {
  const faultIn = (value: unknown): string | null => (typeof value === 'string' ? parseHostList(value).fault : 'must be text');
  return ValidateBy({ name: 'isHostList', validator: { validate: (value) => faultIn(value) === null, defaultMessage: (args) => faultIn(args?.value) ?? '' } }, options);
}
