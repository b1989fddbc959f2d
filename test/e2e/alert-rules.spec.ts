import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { load } from 'js-yaml';
import { type TestApp, startTestApp } from '../support/test-app.js';

interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly for?: string;
  readonly labels: Record<string, string>;
  readonly annotations: Record<string, string>;
}

const FILE = join(import.meta.dirname, '../../docs/alerts/migration.yml');
const { groups } = load(readFileSync(FILE, 'utf8')) as { groups: { name: string; rules: Rule[] }[] };
const rules = groups.flatMap((group) => group.rules);
let nooble: TestApp;

beforeAll(async () => {
  nooble = await startTestApp();
});
afterAll(async () => {
  await nooble.close();
});

describe('the alert rules', () => {
  it('are groups of rules as Prometheus reads them, each alert once', () => {
    for (const group of groups) expect(Object.keys(group).sort()).toEqual(['name', 'rules']);
    for (const rule of rules) {
      expect(Object.keys(rule).filter((key) => key !== 'for')).toEqual(['alert', 'expr', 'labels', 'annotations']);
      expect(rule).toMatchObject({ alert: expect.stringMatching(/^[A-Z]\w+$/), expr: expect.any(String), labels: { severity: expect.stringMatching(/^(warning|critical)$/) }, annotations: { summary: expect.any(String), description: expect.any(String) } });
      expect(rule.for ?? '5m').toMatch(/^\d+[smh]$/);
      for (const [open, close] of ['()', '[]', '{}'].map((pair) => [...pair])) expect(rule.expr.split(open!)).toHaveLength(rule.expr.split(close!).length);
    }
    expect(new Set(rules.map(({ alert }) => alert)).size).toBe(rules.length);
  });

  it('ask only for metrics that there are', async () => {
    const text = await (await fetch(`${nooble.url}/metrics`)).text();
    const known = new Set([...text.matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name));
    const asked = rules.flatMap(({ expr }) => expr.match(/nooble_\w+/g) ?? []);
    expect(asked.length).toBeGreaterThan(5);
    expect(asked.filter((name) => !known.has(name))).toEqual([]);
  });
});
