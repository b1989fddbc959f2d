import { describe, expect, it } from '@jest/globals';
import { acceptedTool, offeredName, outputOf } from './mcp-tools.js';

describe('the name that a tool of a server is offered by', () => {
  it.each([
    ['shop', 'find_order', 'shop_find_order'],
    ['my-shop', 'orders/find.one now', 'my-shop_orders_find_one_now'],
    ['shop', 'größe', 'shop_gr__e'],
    ['shop', 'x'.repeat(100), `shop_${'x'.repeat(59)}`],
  ])('is for %s and %s %s', (server, tool, name) => {
    expect(offeredName(server, tool, new Set())).toBe(name);
    expect(name).toMatch(/^[a-zA-Z0-9_-]{1,64}$/);
  });

  it('is another one when it is taken', () => {
    const taken = new Set(['shop_a_b']);
    expect(offeredName('shop', 'a.b', taken)).toBe('shop_a_b_2');
    expect(offeredName('shop', 'a/b', new Set([...taken, 'shop_a_b_2']))).toBe('shop_a_b_3');
    const long = offeredName('s', 'x'.repeat(80), new Set());
    expect(offeredName('s', 'x'.repeat(80), new Set([long]))).toHaveLength(62);
  });
});

describe('a tool as its server describes it', () => {
  it('is an object’s schema, and its description is cut', () => {
    expect(acceptedTool('a', 'd'.repeat(5_000), { $schema: 'x' })).toEqual({ name: 'a', description: 'd'.repeat(4_096), inputSchema: { $schema: 'x', type: 'object', properties: {} } });
    expect(acceptedTool('a', undefined, { properties: { b: {} }, required: ['b'] })).toMatchObject({ description: '', inputSchema: { properties: { b: {} }, required: ['b'] } });
  });

  it('is left out when its schema is larger than any prompt should be', () => {
    expect(acceptedTool('a', 'd', { properties: { a: { description: 'x'.repeat(40_000) } } })).toBeNull();
  });
});

describe('what a server answers', () => {
  it.each([
    ['structured content', { content: [{ type: 'text', text: 'x' }], structuredContent: { a: 1 } }, { a: 1 }],
    ['texts', { content: [{ type: 'text', text: 'a' }, { type: 'text', text: 'b' }] }, 'a\nb'],
    ['an image, whose data no model reads', { content: [{ type: 'text', text: 'a' }, { type: 'image', data: 'AAAA', mimeType: 'image/png' }] }, [{ type: 'text', text: 'a' }, { type: 'image', mimeType: 'image/png', note: 'binary data, left out' }]],
    ['nothing', { content: [] }, ''],
    ['an older form', { toolResult: 1 }, ''],
  ])('is %s', (_, answer, output) => {
    expect(outputOf(answer)).toEqual(output);
  });
});
