import { describe, expect, it } from '@jest/globals';
import { toolsNamed } from './tool-registry.js';

const { signal } = new AbortController();
const compute = async (expression: unknown): Promise<unknown> => toolsNamed(['calculator'])[0]!.execute({ expression }, signal);
const refused = (message: unknown = expect.any(String)): unknown => expect.objectContaining({ kind: 'invalid', code: 'EXPRESSION_INVALID', message });

describe('the calculator', () => {
  it.each([
    ['1 + 2 * 3', 7],
    ['(1 + 2) * 3', 9],
    ['2 ^ 10', 1024],
    ['-3 ^ 2', -9],
    ['2 ^ 3 ^ 2', 512],
    ['7 % 3', 1],
    ['7 mod 3', 1],
    ['10 / 4', 2.5],
    ['0.1 + 0.2', 0.3],
    ['(1 + 0.21) * 99.90', 120.879],
    ['200 * 15%', 30],
    ['1e3 + 0x1F', 1031],
    ['5!', 120],
    ['factorial(20) / 3!', 405_483_668_029_440_000],
    ['sqrt(2) ^ 2', 2],
    ['cbrt(27) + nthRoot(16, 4)', 5],
    ['round(2.345, 2) + floor(-1.5) + ceil(1.2) + abs(-4)', 6.35],
    ['min(3, 1, 2) + max(4, 9) + mean(1, 2, 3) + sum(1, 2)', 15],
    ['gcd(12, 18) + lcm(4, 6)', 18],
    ['log(100, 10) + log10(1000) + log2(8) + log(e)', 9],
    ['sin(pi / 2) + cos(0) + atan2(0, 1)', 2],
    ['2 pi', 6.283_185_307_179_59],
    ['3 > 2 ? 10 : 20', 10],
    ['1 < 2 and 2 <= 2', true],
    ['not (1 == 2) xor false', true],
    ['1 < 2 < 3', true],
    ['1 / 3', 0.333_333_333_333_333],
  ])('has of %s %d', async (expression, result) => {
    expect(await compute(expression)).toEqual({ expression, result });
  });

  it.each(['1/0', '0/0', 'sqrt(-1)', 'log(-1)', '1e999', '999999^999999', '9^9^9^9', '171!', 'factorial(1e15)', '1000000000!!', '(-8)^(1/3)'])('says that %s is no finite number, at once', async (expression) => {
    await expect(compute(expression)).rejects.toEqual(refused());
  });

  it.each([
    ...['', ' ', '1 +', '2 * (3', ')', '1 2', '@', '`', '#only a comment'],
    ...['a', 'x = 3', 'f(x) = x', 'f(x) = f(x); f(1)', '1; 2', '1\n2', '"text"', "'text'", 'null', 'undefined', 'NaN', 'Infinity', 'i', 'ans'],
    ...['[1, 2, 3]', '1:1000000000', 'zeros(100000, 100000)', 'ones(9,9)', 'range(1, 1e9)', '{a: 1}', '{a: 1}.a', '[1,2][1]', "5'", '1 to 2', '2 km', 'bignumber(1)', 'random()', 'combinations(1e9, 5e8)', 'permutations(1e8, 1e8)', 'isPrime(1e300)', 'bitAnd(1, 2)', '1 << 99'],
    ...['import({})', 'createUnit("foo")', 'evaluate("1+1")', 'parse("1")', 'compile("1")', 'simplify("1")', 'derivative("x^2", "x")', 'config({})', 'help("sin")', 'typed("x")', 'chain(1)', 'reviver()', 'print("$x", {x: 1})', 'format(1)', 'map([1], sqrt)', 'filter([1], sqrt)'],
    ...['constructor', '__proto__', 'toString', 'sqrt.constructor', 'cos.constructor("return process")()', 'sqrt["constructor"]("return 1")()', '(1).constructor', '"".constructor.constructor("return globalThis")()', 'hasOwnProperty("a")', 'valueOf()', 'process.exit(1)', 'globalThis', 'this', 'require("fs")', 'Function("return 1")()', 'eval("1")', 'sqrt = 3', 'pi = 3', 'sqrt', 'pi(2)', 'sum'],
  ])('refuses %j', async (expression) => {
    await expect(compute(expression)).rejects.toMatchObject({ kind: 'invalid', message: expect.stringMatching(/^(EXPRESSION|TOOL_INPUT)_INVALID: /) });
  });

  it('says what there is instead of what there is not', async () => {
    await expect(compute('integrate(1)')).rejects.toEqual(refused(expect.stringMatching(/"integrate".*sqrt/s)));
    await expect(compute('[1]')).rejects.toEqual(refused(expect.stringContaining('array')));
  });

  it.each([
    ['too long', '1' + '+1'.repeat(250)],
    ['very deep', '('.repeat(100_000)],
    ['a number', 7],
    ['an object', { toString: 'x' }],
    ['nothing', undefined],
  ])('refuses an expression that is %s', async (_, expression) => {
    await expect(compute(expression)).rejects.toMatchObject({ code: 'TOOL_INPUT_INVALID', message: expect.stringContaining('expression') });
  });

  it.each([
    ['brackets', '('.repeat(249) + '1' + ')'.repeat(249)],
    ['signs', '-'.repeat(499) + '1'],
    ['powers', '2' + '^1'.repeat(249)],
    ['factorials', '3' + '!'.repeat(499)],
  ])('comes to an end with as many %s as there can be', async (_, expression) => {
    await Promise.allSettled([compute(expression)]);
  });

  it('keeps nothing from one expression to the next, and leaves prototypes alone', async () => {
    for (const expression of ['pi = 4', '__proto__.polluted = 1', 'constructor.prototype.polluted = 1']) await expect(compute(expression)).rejects.toEqual(refused());
    expect(await compute('pi')).toEqual({ expression: 'pi', result: 3.141_592_653_589_79 });
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });
});
