import { describe, expect, it } from '@jest/globals';
import { AppError } from '../errors/index.js';
import { DatabaseSettings, MigrationSettings, ModelSettings, SETTINGS_CLASSES, ServerSettings, loadSettings, settingFields } from './index.js';

/** The two settings that have no default. */
const URLS = { DATABASE_URL: 'postgres://nooble:s3cret@db/nooble', REDIS_URL: 'redis://cache' };

const load = <T extends object>(topic: new () => T, environment: Record<string, string>): T => loadSettings({ ...URLS, ...environment }).get(topic as never) as T;

/** The lines of the refusal, without the first; empty when nothing is refused. */
function faultsOf(environment: Record<string, string>): string[] {
  try {
    loadSettings({ ...URLS, ...environment });
    return [];
  } catch (error) {
    expect(error).toBeInstanceOf(AppError);
    expect(error).toMatchObject({ kind: 'invalid', code: 'SETTINGS_INVALID' });
    return (error as AppError).message.split('\n  ').slice(1);
  }
}

describe('the settings', () => {
  it('are all at their defaults in an environment that only says where the stores are', () => {
    const settings = loadSettings(URLS);
    expect([...settings.keys()]).toEqual([...SETTINGS_CLASSES]);
    for (const topic of SETTINGS_CLASSES) expect({ ...settings.get(topic), url: '' }).toEqual({ ...new topic(), url: '' });
  });

  it('cannot do without the stores', () => {
    expect(faultsOf({ DATABASE_URL: '', REDIS_URL: '' }).map((fault) => fault.split(':')[0])).toEqual(['DATABASE_URL', 'REDIS_URL']);
  });

  it('never show a secret, however wrong it is', () => {
    const faults = faultsOf({ DATABASE_URL: 'mysql://u:s3cret@h', REDIS_URL: 'http://:s3cret@h', NOOBLE_ADMIN_KEY: 's3cret' });
    expect(faults).toHaveLength(3);
    expect(faults.join()).not.toContain('s3cret');
  });

  it('take a variable of each type', () => {
    expect(load(ServerSettings, { HOST: '0.0.0.0', PORT: '0', NOOBLE_ROLE: 'worker', WAIT_FOR_SERVICES: 'true' })).toMatchObject({ host: '0.0.0.0', port: 0, role: 'worker', waitForServices: true });
  });

  it.each([
    ['1', true],
    ['TRUE', true],
    ['0', false],
    ['false', false],
  ])('read the boolean %s as %s', (text, value) => {
    expect(load(DatabaseSettings, { DATABASE_MIGRATE_ON_START: text }).migrateOnStart).toBe(value);
  });

  it('take an empty variable as one that is not set', () => {
    expect(load(ServerSettings, { PORT: '', NOOBLE_ROLE: '', WAIT_FOR_SERVICES: '' })).toEqual(new ServerSettings());
  });

  it('are read under another name, too, if they have one and are not set under their own', () => {
    const alias = 'CONVERSATION_PERSISTENCE_MIGRATION_INTERVAL';
    expect(load(MigrationSettings, { [alias]: '7' }).intervalSeconds).toBe(7);
    expect(load(MigrationSettings, { [alias]: '7', MIGRATION_INTERVAL_SECONDS: '' }).intervalSeconds).toBe(7);
    expect(load(MigrationSettings, { [alias]: '7', MIGRATION_INTERVAL_SECONDS: '9' }).intervalSeconds).toBe(9);
    expect(faultsOf({ [alias]: 'x' })[0]).toContain('MIGRATION_INTERVAL_SECONDS');
  });

  it('ignore variables that are none of ours', () => {
    expect(faultsOf({ NOOBLE_UNKNOWN: 'x', PATH: '/bin' })).toEqual([]);
  });

  it('name every fault at once, by the variable, with the rule and the value', () => {
    const faults = faultsOf({ PORT: '70000', NOOBLE_ROLE: 'both', DATABASE_POOL_SIZE: 'many', REDIS_URL: 'localhost:6379', MIGRATION_BATCH_SIZE: '0', OPENAI_BASE_URL: 'api.example' });
    expect(faults.map((fault) => fault.split(':')[0])).toEqual(['PORT', 'NOOBLE_ROLE', 'DATABASE_POOL_SIZE', 'REDIS_URL', 'MIGRATION_BATCH_SIZE', 'OPENAI_BASE_URL']);
    expect(faults[0]).toBe('PORT: must not be greater than 65535 (it is 70000)');
    expect(faults[1]).toBe('NOOBLE_ROLE: must be one of the following values: all, api, worker (it is "both")');
  });

  it.each([
    ['PORT', '3000.5'],
    ['PORT', '-1'],
    ['PORT', '0x10'],
    ['PORT', ' 3000'],
    ['PORT', '1e3'],
    ['PORT', 'Infinity'],
    ['WAIT_FOR_SERVICES', 'yes'],
    ['WAIT_FOR_SERVICES', 'constructor'],
    ['LOG_LEVEL', 'verbose'],
    ['NODE_ENV', 'prod'],
    ['AUTH_MODE', 'none'],
    ['DATABASE_URL', 'mysql://localhost/x'],
    ['NOOBLE_ADMIN_KEY', 'too-short'],
    ['NOOBLE_ADMIN_KEY', 'with a blank in it and more than 32 characters'],
  ])('refuse %s=%s', (variable, value) => {
    expect(faultsOf({ [variable]: value }).map((fault) => fault.split(':')[0])).toEqual([variable]);
  });

  it.each(SETTINGS_CLASSES.flatMap((topic) => [...settingFields(topic)].map(([variable, { field }]) => ({ variable, field, topic }))).filter(({ field, topic }) => typeof Reflect.get(new topic(), field) === 'number'))(
    'refuse $variable when it is no number or below any range',
    ({ variable }) => {
      expect(faultsOf({ [variable]: 'x' })).toHaveLength(1);
      expect(faultsOf({ [variable]: '-1' })).toHaveLength(1);
    },
  );

  it('accept the edges of a range', () => {
    expect(load(MigrationSettings, { MIGRATION_BATCH_SIZE: '1', MIGRATION_MAX_LAG_SECONDS: '86400' })).toMatchObject({ batchSize: 1, maxLagSeconds: 86_400 });
    expect(load(ServerSettings, { PORT: '65535' }).port).toBe(65_535);
  });

  it('accept an endpoint for models, and none', () => {
    expect(load(ModelSettings, { OPENAI_BASE_URL: 'https://api.example/v1' }).openaiBaseUrl).toBe('https://api.example/v1');
    expect(load(ModelSettings, {}).openaiBaseUrl).toBe('');
  });

  it.each([
    ['NOOBLE_ADMIN_KEY', 'hunter2'],
    ['DATABASE_URL', 'postgre://nooble:hunter2@db/nooble'],
    ['REDIS_URL', 'http://:hunter2@redis'],
  ])('never show the secret in a faulty %s', (variable, value) => {
    expect(faultsOf({ [variable]: value })).toEqual([expect.not.stringContaining('hunter2')]);
  });

  it('have no variable twice', () => {
    const variables = SETTINGS_CLASSES.flatMap((topic) => [...settingFields(topic).keys()]);
    expect(new Set(variables).size).toBe(variables.length);
  });
});
