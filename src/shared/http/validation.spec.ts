import { describe, expect, it } from '@jest/globals';
import { Type } from 'class-transformer';
import { IsInt, IsOptional, IsString, Min, ValidateNested } from 'class-validator';
import { AppError } from '../errors/index.js';
import type { FieldFault } from './storable.js';
import { validated, validationPipe } from './validation.js';

class Wheel {
  @IsInt() @Min(1) size!: number;
}
class Car {
  @IsString() name!: string;
  @IsOptional() @ValidateNested() @Type(() => Wheel) spare?: Wheel;
  @IsOptional() @ValidateNested({ each: true }) @Type(() => Wheel) wheels?: Wheel[];
}
class Nothing {}

function faultsOf(shape: new () => object, plain: unknown): readonly FieldFault[] {
  try {
    validated(shape, plain);
    return [];
  } catch (error) {
    expect(error).toBeInstanceOf(AppError);
    expect(error).toMatchObject({ kind: 'invalid', code: 'VALIDATION_FAILED' });
    return (error as AppError).details?.['fields'] as FieldFault[];
  }
}
const pipeError = (plain: unknown): Promise<unknown> => validationPipe().transform(plain, { type: 'body', metatype: Car }).then((value) => value as unknown, (error: unknown) => error);

describe('validation', () => {
  it('gives an instance of the shape, its parts included', () => {
    const car = validated(Car, { name: 'a', spare: { size: 3 } });
    expect(car).toBeInstanceOf(Car);
    expect(car.spare).toBeInstanceOf(Wheel);
  });

  it('names every faulty field at once, nested ones by a dotted path', () => {
    expect(faultsOf(Car, { spare: { size: 'x' }, wheels: [{ size: 1 }, { size: 0 }] })).toEqual([
      { field: 'name', message: 'name is missing; it must be a text' },
      { field: 'spare.size', message: 'spare.size must be a whole number' },
      { field: 'wheels.1.size', message: 'wheels.1.size must be at least 1' },
    ]);
  });

  it('says all of it in one sentence too', () => {
    expect(() => validated(Car, { spare: { size: 0 } })).toThrow('name is missing; it must be a text; spare.size must be at least 1.');
  });

  it.each([
    ['at the top', { name: 'a', colour: 1 }, 'colour', 'colour is no field here; leave it out, or look for the right name in /docs'],
    ['in a part', { name: 'a', spare: { size: 1, colour: 1 } }, 'spare.colour', 'spare.colour is no field here; leave it out, or look for the right name in /docs'],
    ['whose name is part of another word', { name: 'a', spare: { size: 1, prop: 1 } }, 'spare.prop', 'spare.prop is no field here; leave it out, or look for the right name in /docs'],
    ['whose name is a replacement pattern', { name: 'a', "$'": 1 }, "$'", "$' is no field here; leave it out, or look for the right name in /docs"],
  ])('refuses an unknown field %s by name', (_, plain, field, message) => {
    expect(faultsOf(Car, plain)).toEqual([{ field, message }]);
  });

  it('refuses every field of a class that has none', () => {
    expect(faultsOf(Nothing, {})).toEqual([]);
    expect(faultsOf(Nothing, { a: 1 })).toEqual([{ field: 'a', message: 'a is no field here; leave it out, or look for the right name in /docs' }]);
  });

  it.each([[undefined], [null], [{}]])('reads %j as an object without fields', (plain) => {
    expect(faultsOf(Car, plain)).toEqual([{ field: 'name', message: 'name is missing; it must be a text' }]);
  });

  it.each([['an array', []], ['an array of good ones', [{ name: 'a' }]], ['a text', 'name'], ['a number', 7], ['a boolean', true]])('refuses %s', (_, plain) => {
    expect(() => validated(Car, plain)).toThrow(AppError);
  });

  it.each([['a list', [{ name: 'a' }]], ['a text', 'name'], ['a number', 7], ['a boolean', true]])('says of %s that the whole body is of the wrong kind', async (_, plain) => {
    await expect(pipeError(plain)).resolves.toMatchObject({ message: 'the body must be a JSON object.', details: { fields: [{ field: 'body', message: 'the body must be a JSON object' }] } });
  });
});

describe('the validation pipe', () => {
  it('gives an instance, and refuses as above', async () => {
    await expect(pipeError({ name: 'a' })).resolves.toBeInstanceOf(Car);
    await expect(pipeError({ name: 'a', x: 1 })).resolves.toMatchObject({ code: 'VALIDATION_FAILED', details: { fields: [{ field: 'x' }] } });
  });

  it.each([['an array', []], ['an array of good ones', [{ name: 'a' }]]])('refuses %s where an object is wanted', async (_, plain) => {
    await expect(pipeError(plain)).resolves.toMatchObject({ code: 'VALIDATION_FAILED' });
  });
});
