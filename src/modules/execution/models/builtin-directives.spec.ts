import { describe, expect, it } from '@jest/globals';
import { parseDirectives, type BuiltinDirectives } from './builtin-directives.js';

const OFF: BuiltinDirectives = { tokens: undefined, delayMs: 0, thinkMs: 0, fail: undefined, hangs: false, echoesContext: false, tools: [], loops: [] };

function directivesOf(systemPrompt: string, lastUserMessage: string): BuiltinDirectives {
  const parsed = parseDirectives(systemPrompt, lastUserMessage);
  if (!parsed.ok) throw new TypeError(parsed.problem);
  return parsed.directives;
}

function problemOf(systemPrompt: string, lastUserMessage = ''): string {
  const parsed = parseDirectives(systemPrompt, lastUserMessage);
  return parsed.ok ? '' : parsed.problem;
}

describe('parseDirectives', () => {
  it('turns everything off without directives', () => {
    expect(parseDirectives('You are kind.', 'Hello')).toEqual({ ok: true, directives: OFF, userText: 'Hello' });
  });

  it('reads every directive from the system prompt', () => {
    const prompt = 'Be brief.\n@tokens 12\n@delay 3\n@think 4\n@fail 503 2\n@hang\n@tool add {"a":1}\n@loop poll {}\n@echo-context';
    expect(directivesOf(prompt, 'Hi')).toEqual({
      tokens: 12,
      delayMs: 3,
      thinkMs: 4,
      fail: { statusCode: 503, times: 2 },
      hangs: true,
      echoesContext: true,
      tools: [{ toolName: 'add', inputJson: '{"a":1}' }],
      loops: [{ toolName: 'poll', inputJson: '{}' }],
    });
  });

  it('lets the message win over the prompt, and a later line over an earlier one', () => {
    expect(directivesOf('@tokens 1\n@delay 7\n@fail 500 3', '@tokens 2\n@tokens 0\n@fail 429')).toEqual({
      ...OFF,
      tokens: 0,
      delayMs: 7,
      fail: { statusCode: 429, times: undefined },
    });
  });

  it('adds up @tool and @loop lines, the prompt first', () => {
    const { tools, loops } = directivesOf('@tool a {}\n@loop c {}', '@tool b {"x":"y z"}\n@tool a {}\n@loop d {}');
    expect(tools.map(({ toolName, inputJson }) => `${toolName} ${inputJson}`)).toEqual(['a {}', 'b {"x":"y z"}', 'a {}']);
    expect(loops.map(({ toolName }) => toolName)).toEqual(['c', 'd']);
  });

  it('takes directive lines out of the user text, whatever the line break, and keeps the other lines', () => {
    const parsed = parseDirectives('', '@think 1\r\nfirst line\r\n@delay 2\r\nsecond, mail me@example.org\n @not one\n@tokens 3');
    expect(parsed).toMatchObject({ ok: true, userText: 'first line\r\nsecond, mail me@example.org\n @not one' });
    expect(parsed).toMatchObject({ directives: { thinkMs: 1, delayMs: 2, tokens: 3 } });
  });

  it.each([
    ['@tokens', '@tokens N'],
    ['@tokens many', '@tokens N'],
    ['@tokens -1', '@tokens N'],
    ['@tokens 1.5', '@tokens N'],
    ['@tokens 100001', '@tokens N'],
    ['@delay 3600001', '@delay MS'],
    ['@delay 1s', '@delay MS'],
    ['@think', '@think MS'],
    ['@fail', '@fail CODE [TIMES]'],
    ['@fail 200', '@fail CODE [TIMES]'],
    ['@fail 600', '@fail CODE [TIMES]'],
    ['@fail 500 0', '@fail CODE [TIMES]'],
    ['@fail 500 1 2', '@fail CODE [TIMES]'],
    ['@hang now', '@hang'],
    ['@echo-context all', '@echo-context'],
    ['@tool', '@tool NAME {json object}'],
    ['@tool add', '@tool NAME {json object}'],
    ['@tool add {"a":}', '@tool NAME {json object}'],
    ['@tool add [1]', '@tool NAME {json object}'],
    ['@loop poll null', '@loop NAME {json object}'],
  ])('refuses %j, quoting the line and saying the right form', (line, form) => {
    expect(problemOf(`Be kind.\n${line}`)).toContain(`"${line}" of the system prompt: write ${form}`);
    expect(problemOf('', `${line}\nHello`)).toContain(`"${line}" of the last user message: write ${form}`);
  });

  it.each(['@dance', '@', '@ tokens 3', '@constructor', '@TOKENS 3'])('refuses the unknown name in %j and lists the known ones', (line) => {
    const problem = problemOf(line);
    expect(problem).toContain(`"${line}"`);
    for (const name of ['@tokens N', '@delay MS', '@think MS', '@fail CODE [TIMES]', '@hang', '@tool NAME', '@loop NAME', '@echo-context']) {
      expect(problem).toContain(name);
    }
  });

  it('shortens what it quotes of a long line', () => {
    expect(problemOf(`@tool add ${'x'.repeat(5_000)}`).length).toBeLessThan(300);
  });

  it('refuses a malformed line of the prompt even where the message would win', () => {
    expect(problemOf('@tokens many', '@tokens 2')).toContain('@tokens many');
  });
});
