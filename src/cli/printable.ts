/** What a terminal would obey or hide instead of showing it: control characters, marks of direction, what has no width, half characters. */
const UNSAFE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;
/** Characters that take two columns. Roughly: terminals differ, and all that hangs on it is where a column begins. */
const WIDE = /\p{Emoji_Presentation}|[\p{sc=Han}\p{sc=Hangul}\p{sc=Hiragana}\p{sc=Katakana}\u3000-\u303f\uff01-\uff60]/u;
/** Longest grapheme that is looked at whole when a text is shortened, code units. */
const GRAPHEME = 16;

const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' });

/** A text in which every character can be seen, on one line: what cannot is written as JSON would, `\u001b`. */
export function printable(text: string): string {
  return text.replaceAll(UNSAFE, escaped);
}

/** The same, but line ends stay. */
export function printableLines(text: string): string {
  return text.split('\n').map(printable).join('\n');
}

/** A value as JSON in which every character can be seen; it reads as the same value. @param indent spaces of each level; none: one line */
export function printableJson(value: unknown, indent?: number): string {
  // Within texts JSON has escaped the line ends already.
  return printableLines(JSON.stringify(value, null, indent));
}

/** How many columns of a terminal a text takes. */
export function columnsOf(text: string): number {
  let columns = 0;
  for (const { segment } of graphemes.segment(text)) columns += columnsOfOne(segment);
  return columns;
}

/** The beginning of a text, printable, with an ellipsis if it is not all of it. @param width at most so many columns */
export function shortened(text: string, width: number): string {
  const start = printable(text.slice(0, width * GRAPHEME));
  const kept = cut(start, width);
  return kept === start && text.length <= width * GRAPHEME ? kept : `${cut(start, width - 1)}…`;
}

/** As much of it as has room. */
function cut(text: string, width: number): string {
  let [kept, columns] = ['', 0];
  for (const { segment } of graphemes.segment(text)) {
    columns += columnsOfOne(segment);
    if (columns > width) break;
    kept += segment;
  }
  return kept;
}

function columnsOfOne(grapheme: string): number {
  return WIDE.test(grapheme) ? 2 : 1;
}

/** One character, of one or two units. */
function escaped(character: string): string {
  const known = JSON.stringify(character).slice(1, -1);
  if (known !== character) return known;
  return Array.from({ length: character.length }, (_, i) => `\\u${character.charCodeAt(i).toString(16).padStart(4, '0')}`).join('');
}
