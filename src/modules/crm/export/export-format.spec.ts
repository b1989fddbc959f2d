import { describe, expect, it } from '@jest/globals';
import { csvCell, LINE_FORMATS } from './export-format.js';

describe('a cell of an export as CSV', () => {
  it.each([
    ['plain', 'plain'],
    ['a, b', '"a, b"'],
    ['say "hi"', '"say ""hi"""'],
    ['two\nlines', '"two\nlines"'],
    ['two\r\nlines', '"two\r\nlines"'],
    ['', ''],
    [null, ''],
    [undefined, ''],
    [12, '12'],
    [-1, '-1'],
    [new Date(0), '1970-01-01T00:00:00.000Z'],
    [{ a: ['b'] }, '"{""a"":[""b""]}"'],
  ])('%j is %s', (value, cell) => {
    expect(csvCell(value)).toBe(cell);
  });

  it.each(['=1+1', '+1', '-1', '@SUM(A1)', '\t=1', '\r=1', '\n=1', '＝1', '＋1', '－1', '＠x', "'=1"])('%j is no formula to a spreadsheet, and what it was can be told', (text) => {
    const cell = csvCell(text);
    const read = cell.startsWith('"') ? cell.slice(1, -1).replaceAll('""', '"') : cell;
    expect(read).toBe(`'${text}`);
  });

  it('keeps text alone that has a sign inside', () => {
    expect(csvCell('1 = 1')).toBe('1 = 1');
  });
});

describe('a line of an export', () => {
  const message = { type: 'message', conversationId: 'c', messageId: 'm', seq: 1, role: 'user', content: '=cmd()', tokens: 3, createdAt: new Date(0) } as const;

  it('as NDJSON is the record', () => {
    expect(LINE_FORMATS.ndjson.line(message)).toBe(`${JSON.stringify(message)}\n`);
  });

  it('as CSV is a row with the columns of the head, whatever it is', () => {
    expect(LINE_FORMATS.csv.head).toBe('type,conversationId,id,seq,at,state,userId,content,data\r\n');
    expect(LINE_FORMATS.csv.line(message)).toBe("message,c,m,1,1970-01-01T00:00:00.000Z,user,,'=cmd(),\"{\"\"tokens\"\":3}\"\r\n");
    expect(LINE_FORMATS.csv.line({ type: 'note', conversationId: 'c', noteId: 'n', text: 'call back', author: 'ann', createdAt: new Date(0) })).toBe('note,c,n,,1970-01-01T00:00:00.000Z,,,call back,"{""author"":""ann""}"\r\n');
    expect(LINE_FORMATS.csv.line({ type: 'gone', conversationId: 'c' })).toBe('gone,c,,,,,,,\r\n');
  });
});
