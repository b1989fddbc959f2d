import { describe, expect, it } from '@jest/globals';
import { Type } from 'class-transformer';
import { ArrayMaxSize, ArrayMinSize, ArrayUnique, IsArray, IsIn, IsInt, IsObject, IsOptional, IsString, Length, Matches, Max, MaxLength, Min, ValidateNested, validateSync } from 'class-validator';
import { IsId, IsMessageText, IsWebhookUrl, Optional } from '../../contracts/index.js';
import { faultsOf } from './field-faults.js';
import { validated, validationPipe } from './validation.js';

class Tool {
  @IsString() @Length(1, 8) name!: string;
  @IsInt() @Min(1) @Max(9) seconds!: number;
}
class Order {
  @IsArray() @ArrayMinSize(1) @ArrayMaxSize(2) @IsString({ each: true }) @MaxLength(3, { each: true }) texts!: string[];
  @Optional() @IsArray() @ArrayMaxSize(2) @ArrayUnique(({ name }: Tool) => name) @IsObject({ each: true }) @ValidateNested({ each: true }) @Type(() => Tool) tools?: Tool[];
  @Optional() @IsObject() @ValidateNested() @Type(() => Tool) tool?: Tool;
  @Optional() @IsInt() @Min(1) @Max(9) size?: number;
  @Optional() @Length(2, 4) @Matches(/^a/) code?: string;
  @Optional() @IsWebhookUrl() url?: string;
  @IsOptional() @IsArray() @IsIn(['a', 'b'], { each: true, message: 'each of letters must be a or b' }) letters?: string[];
}
class Wanted {
  @IsId() id!: string;
  @IsMessageText() message!: string;
  @IsIn(['a', 'b']) letter!: string;
  @IsArray() @ArrayMinSize(1) @ValidateNested({ each: true }) @Type(() => Tool) tools!: Tool[];
  @Length(2, 4) code!: string;
}

function said(shape: new () => object, plain: object, prefix?: string): string {
  try {
    validated(shape, plain, prefix);
    return '';
  } catch (error) {
    return (error as Error).message;
  }
}

describe('a field that is not there', () => {
  it('is missing, and must be one thing', () => {
    expect(said(Order, {})).toBe('texts is missing; it must be a list.');
    expect(said(Order, {}, 'data.')).toBe('data.texts is missing; it must be a list.');
    expect(said(Order, { texts: ['a'], tools: [{ name: 'a' }] })).toBe('tools.0.seconds is missing; it must be a whole number.');
  });

  it.each([
    ['id', 'it must be a UUID, such as 01a1fd9d-4bb8-747b-a678-9791c7560477'],
    ['message', 'it must be a text of 1 to 32000 characters, not of blanks alone'],
    ['letter', 'it must be one of a, b'],
    ['tools', 'it must be a list'],
    ['code', 'it must be a text'],
  ])('%s: %s', (field, sentence) => {
    const fault = validateSync(new Wanted()).flatMap((error) => faultsOf(error, '')).filter((each) => each.field === field);
    expect(fault).toEqual([{ field, message: `${field} is missing; ${sentence}` }]);
  });

  it('is not missing if there is no such field', () => {
    expect(said(Order, { texts: ['a'], surprise: undefined })).toBe('surprise is no field here; leave it out, or look for the right name in /docs.');
  });
});

describe('a value of the wrong kind', () => {
  it.each([
    [{ texts: 'a' }, 'texts must be a list.'],
    [{ texts: null }, 'texts must be a list.'],
    [{ texts: {} }, 'texts must be a list.'],
    [{ texts: [1, 'long'] }, 'each entry of texts must be a text.'],
    [{ tools: 'calculator' }, 'tools must be a list of JSON objects.'],
    [{ tools: null }, 'tools must be a list of JSON objects.'],
    [{ tools: {} }, 'tools must be a list.'],
    [{ tools: { name: 'a', colour: 1 } }, 'tools must be a list.'],
    [{ tools: ['calculator', null] }, 'each entry of tools must be a JSON object.'],
    [{ tools: [[]] }, 'each entry of tools must be a JSON object.'],
    [{ tools: [[{ name: 'a', seconds: 1 }]] }, 'each entry of tools must be a JSON object.'],
    [{ tool: null }, 'tool must be a JSON object.'],
    [{ tool: true }, 'tool must be a JSON object.'],
    [{ tool: 'x' }, 'tool must be a JSON object.'],
    [{ size: 'x' }, 'size must be a whole number.'],
    [{ size: Number.NaN }, 'size must be a whole number.'],
    [{ code: 5 }, 'code must be a text.'],
    [{ url: 5 }, 'url must be a text.'],
    [{ letters: 'c' }, 'letters must be a list.'],
  ])('is told that alone: %j', (plain, sentence) => {
    expect(said(Order, { texts: ['a'], ...plain })).toBe(sentence);
  });
});

describe('a value of the right kind', () => {
  it.each([
    [{ texts: [] }, 'texts must have an entry.'],
    [{ texts: ['long', 'a', 'b'] }, 'each entry of texts must have at most 3 characters; texts must have at most 2 entries.'],
    [{ texts: [1, 2, 3] }, 'each entry of texts must be a text; texts must have at most 2 entries.'],
    [{ size: 0.5 }, 'size must be at least 1; size must be a whole number.'],
    [{ code: 'b' }, 'code must match ^a; code must have at least 2 characters.'],
    [{ letters: ['c', 5] }, 'each of letters must be a or b.'],
    [{ tools: [{ name: 'a', seconds: 1 }, { name: 'a', seconds: 1 }] }, 'tools must not have an entry twice.'],
  ])('is told every rule that it breaks: %j', (plain, sentence) => {
    expect(said(Order, { texts: ['a'], ...plain })).toBe(sentence);
  });
});

it('says the same of a body', async () => {
  const tools = [1, 2, 3].map((name) => ({ name, seconds: 1 }));
  await expect(validationPipe().transform({ texts: ['a'], tools }, { type: 'body', metatype: Order })).rejects.toThrow(/^tools must have at most 2 entries; tools\.0\.name must be a text; /);
  await expect(validationPipe().transform({ tool: null }, { type: 'body', metatype: Order })).rejects.toThrow('texts is missing; it must be a list; tool must be a JSON object.');
});
