import { readFileSync, writeFileSync } from 'node:fs';

const file = new URL('RESULTS.md', import.meta.url);

/**
 * Puts a bench's section into RESULTS.md: in place of the one it has there, else at the end.
 *
 * @param {string} name of the bench, the title of the section
 * @param {string} text without its title
 */
export function writeSection(name, text) {
  const [head, ...sections] = readFileSync(file, 'utf8').trimEnd().split(/\n+(?=## )/);
  const written = `## ${name}\n\n${text.trim()}`;
  const at = sections.findIndex((section) => section.startsWith(`## ${name}\n`));
  if (at < 0) sections.push(written);
  else sections[at] = written;
  writeFileSync(file, `${[head, ...sections].join('\n\n')}\n`);
}
