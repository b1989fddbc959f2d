import { ApiProperty } from '@nestjs/swagger';
import { ArrayMaxSize, ArrayUnique, IsArray, IsOptional, IsString, IsUrl, Length, Matches, MaxLength, ValidateBy } from 'class-validator';
import { Optional, together, Verbatim } from '../../../contracts/index.js';

/** The transport sets these itself. */
const OWN_HEADERS = /^(host|connection|content-.*|accept|transfer-encoding|upgrade|te|trailer|expect|mcp-.*)$/i;
const MAX_HEADERS = 20;
const RULE = `$property must be an object of at most ${String(MAX_HEADERS)} HTTP headers, each a text of 1 to 8192 visible ASCII characters; host, accept, content-* and mcp-* are the client's own`;

/** An MCP server over streamable HTTP, as it is given. */
export class McpServerDto {
  /** Letters, digits and hyphens; unique in its agent. Its tools are called `<name>_<tool>`. */
  @Matches(/^[A-Za-z0-9]+(-[A-Za-z0-9]+)*$/) @MaxLength(24) name!: string;
  /** Where it answers; no private address, unless the installation allows it. */
  @IsUrl({ protocols: ['http', 'https'], require_protocol: true, require_tld: false, disallow_auth: true }) @MaxLength(2_000) url!: string;
  /** Sent with every request, such as `{"Authorization":"Bearer …"}`. Kept sealed, and never shown again: answers have `********` in place of each value. Sent back with the same name and URL, the mask keeps the value. */
  @ApiProperty({ type: 'object', additionalProperties: { type: 'string' } }) @Optional() @AreHeaders() headers?: Record<string, string>;
  /** The only tools of it that the agent may use, by their names there; default: all. */
  @IsOptional() @IsArray() @ArrayMaxSize(128) @ArrayUnique() @IsString({ each: true }) @Length(1, 128, { each: true }) tools?: string[] | null;
}

/** An MCP server as it is shown. */
export class ShownMcpServerDto {
  name!: string;
  url!: string;
  /** Every value is `********`. */
  @ApiProperty({ type: 'object', additionalProperties: { type: 'string' } }) headers!: Record<string, string>;
  /** null: all. */
  tools!: string[] | null;
}

function AreHeaders(): PropertyDecorator {
  return together(Verbatim(), ValidateBy({ name: 'areHeaders', validator: { validate: areHeaders, defaultMessage: () => RULE } }));
}

function areHeaders(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const entries = Object.entries(value);
  return entries.length <= MAX_HEADERS && entries.every(([name, text]) => isHeader(name, text));
}

function isHeader(name: string, text: unknown): boolean {
  return /^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}$/.test(name) && !OWN_HEADERS.test(name) && typeof text === 'string' && /^[!-~]([ -~]{0,8190}[!-~])?$/.test(text);
}
