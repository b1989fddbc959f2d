import { all, create, type FunctionNode, type MathNode, type OperatorNode, type SymbolNode } from 'mathjs/number';
import type { AgentTool } from './agent-tool.js';
import { toolErrors } from './tools.errors.js';

/** Longer ones are no sums; the parser's time and depth grow with it. Characters. */
const MAX_EXPRESSION = 500;
/** Of a double 15 to 17 digits are true; the last ones show only how it is made (0.1 + 0.2). */
const DIGITS = 15;

const math = create({ ...all });

/** All take numbers and take no longer for larger ones. */
const FUNCTIONS = new Set([
  ...['abs', 'ceil', 'floor', 'round', 'fix', 'sign', 'sqrt', 'cbrt', 'nthRoot', 'square', 'cube', 'pow', 'exp', 'expm1', 'log', 'log2', 'log10', 'log1p', 'hypot'],
  ...['mod', 'gcd', 'lcm', 'factorial', 'min', 'max', 'sum', 'mean', 'sin', 'cos', 'tan', 'asin', 'acos', 'atan', 'atan2', 'sinh', 'cosh', 'tanh'],
]);
const OPERATORS = new Set(['add', 'subtract', 'multiply', 'divide', 'pow', 'mod', 'factorial', 'unaryMinus', 'unaryPlus', 'smaller', 'smallerEq', 'larger', 'largerEq', 'equal', 'unequal', 'and', 'or', 'xor', 'not']);
const CONSTANTS = new Set(['pi', 'e', 'tau', 'phi', 'true', 'false']);
const WHAT_THERE_IS = `Numbers, + - * / % ^ !, comparisons, a ? b : c, ${[...CONSTANTS].join(', ')}, and ${[...FUNCTIONS].join(', ')}`;

/** Sums and formulas. The library only parses; what may be computed is a list of ours. */
export const calculator: AgentTool = {
  name: 'calculator',
  description: `Computes an expression exactly to ${String(DIGITS)} digits, such as "(1 + 0.21) * 99.90" or "sqrt(2) ^ 3". ${WHAT_THERE_IS}. Angles in radians.`,
  inputSchema: { type: 'object', properties: { expression: { type: 'string', minLength: 1, maxLength: MAX_EXPRESSION } }, required: ['expression'], additionalProperties: false },
  execute: async (input) => compute((input as { expression?: unknown } | null)?.expression),
};

/**
 * @throws EXPRESSION_INVALID (invalid) for anything but an expression of at most {@link MAX_EXPRESSION} characters from what is listed whose value is a finite
 * number or a truth value
 */
function compute(expression: unknown): { expression: string; result: number | boolean } {
  if (typeof expression !== 'string' || expression.length > MAX_EXPRESSION) throw toolErrors.expressionInvalid(`expression must be a text of at most ${String(MAX_EXPRESSION)} characters.`);
  const tree = parsed(expression);
  tree.traverse(requireAllowed);
  return { expression, result: resultOf(evaluated(tree)) };
}

function parsed(expression: string): MathNode {
  try {
    return math.parse(expression);
  } catch (cause) {
    throw toolErrors.expressionInvalid(`it cannot be read (${messageOf(cause)}). ${WHAT_THERE_IS}.`);
  }
}

function evaluated(tree: MathNode): unknown {
  try {
    return tree.evaluate() as unknown;
  } catch (cause) {
    throw toolErrors.expressionInvalid(`it cannot be computed (${messageOf(cause)}).`);
  }
}

/** By name, never by what the name would be found to be: nothing else is looked up. */
function requireAllowed(node: MathNode, path: string | null): void {
  switch (node.type) {
    case 'ConstantNode':
    case 'ParenthesisNode':
    case 'ConditionalNode':
    case 'RelationalNode':
      return;
    case 'OperatorNode':
      return requireListed(OPERATORS, (node as OperatorNode).fn, (node as OperatorNode).op);
    case 'FunctionNode':
      return requireListed(FUNCTIONS, nameOf((node as FunctionNode).fn));
    case 'SymbolNode':
      return requireListed(path === 'fn' ? FUNCTIONS : CONSTANTS, (node as SymbolNode).name);
    default:
      throw toolErrors.expressionInvalid(`it may not hold a ${node.type.replace('Node', '').toLowerCase()}. ${WHAT_THERE_IS}.`);
  }
}

function requireListed(list: ReadonlySet<string>, name: string, shown = name): void {
  if (!list.has(name)) throw toolErrors.expressionInvalid(`there is no "${shown}" here. ${WHAT_THERE_IS}.`);
}

/** `a.b(1)` is a function node, too, whose function is no symbol. */
function nameOf(fn: string | MathNode): string {
  if (typeof fn === 'string') return fn;
  return fn.type === 'SymbolNode' ? (fn as SymbolNode).name : fn.toString();
}

function resultOf(value: unknown): number | boolean {
  if (typeof value === 'boolean') return value;
  if (typeof value !== 'number') throw toolErrors.expressionInvalid('its value is no number.');
  if (Number.isNaN(value)) throw toolErrors.expressionInvalid('it has no value among the real numbers, such as 0/0 or sqrt(-1).');
  if (!Number.isFinite(value)) throw toolErrors.expressionInvalid('its value is too large, or a division by zero.');
  return Number(value.toPrecision(DIGITS));
}

function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
