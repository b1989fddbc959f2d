// Asks the registry for known holes in what runs in production. Run by `npm run lint` and `npm test`; alone: `node scripts/audit.mjs`.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { CommandError, runCommand } from './command.mjs';
import { projectDir } from './paths.mjs';
import { runToEnd } from './processes.mjs';

const COMMAND = ['audit', '--omit=dev', '--json'];
const ANSWER_WITHIN_MS = 60_000;
/** Severities that stop a release. */
const GRAVE = ['high', 'critical'];

/**
 * What an answer of `npm audit --json` comes to.
 *
 * @param {string} output what npm wrote
 * @returns {{ isReached: boolean, reason: string, findings: { name: string, severity: string, title: string }[] }} `reason` says why the registry was not reached
 */
function readAudit(output) {
  const report = parse(output);
  if (!report?.vulnerabilities) return { isReached: false, reason: reasonOf(report, output), findings: [] };
  const findings = Object.values(report.vulnerabilities).map(({ name, severity, via = [] }) => ({ name, severity, title: via.map((cause) => cause.title ?? `through ${cause}`).join('; ') }));
  return { isReached: true, reason: '', findings };
}

function parse(output) {
  const start = output.indexOf('{');
  try {
    return JSON.parse(output.slice(start, output.lastIndexOf('}') + 1));
  } catch {
    return undefined;
  }
}

function reasonOf(report, output) {
  const said = [report?.message, report?.error?.summary, report?.error?.detail].find((text) => typeof text === 'string' && text !== '');
  return (said ?? output).trim().split('\n', 1)[0].slice(0, 200) || 'npm said nothing';
}

/**
 * Checks the dependencies against the registry's advisories.
 *
 * @returns {Promise<string>} one line on what was checked, or, by name, what could not be reached
 * @throws {CommandError} naming every package with a hole that is high or critical
 */
export async function auditDependencies() {
  const { output } = await runToEnd('npm', COMMAND, { cwd: projectDir, timeout: ANSWER_WITHIN_MS });
  const { isReached, reason, findings } = readAudit(output);
  if (!isReached) return `NOT CHECKED: the advisories of ${await registry()} cannot be reached (${reason}). ${productionPackages()} packages have not been compared with them.`;
  const grave = findings.filter(({ severity }) => GRAVE.includes(severity));
  if (grave.length > 0) throw new CommandError(`Known holes: ${grave.map(({ name, severity, title }) => `${name} (${severity}: ${title})`).join('; ')}. Update them, or say in package.json "overrides" which version to take.`);
  return `${productionPackages()} packages, ${findings.length === 0 ? 'no known holes' : `none high or critical, lesser ones in ${findings.map(({ name }) => name).join(', ')}`}.`;
}

async function registry() {
  const { output } = await runToEnd('npm', ['config', 'get', 'registry'], { cwd: projectDir });
  return output.trim().split('\n').at(-1);
}

function productionPackages() {
  const { packages } = JSON.parse(readFileSync(join(projectDir, 'package-lock.json'), 'utf8'));
  return Object.entries(packages).filter(([path, { dev, devOptional }]) => path !== '' && !dev && !devOptional).length;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) await runCommand(async () => console.log(await auditDependencies()));
