import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/** `<14-digit time>-<name>.up.sql`; its other half is `….down.sql`. */
const FILE = /^(\d{14})-([a-z0-9-]+)\.up\.sql$/;

/** The files of `migrations/` as TypeORM migrations: the SQL is what runs, TypeORM keeps the list of what has run. */
export function schemaMigrations(folder: string): (new () => MigrationInterface)[] {
  return readdirSync(folder)
    .sort()
    .flatMap((file) => {
      const [, time, name] = FILE.exec(file) ?? [];
      if (time === undefined || name === undefined) return [];
      const sql = (half: 'up' | 'down'): string => readFileSync(join(folder, `${time}-${name}.${half}.sql`), 'utf8');
      return [migrationClass(`${name}${time}`, sql('up'), sql('down'))];
    });
}

function migrationClass(name: string, up: string, down: string): new () => MigrationInterface {
  return class implements MigrationInterface {
    readonly name = name;

    async up(runner: QueryRunner): Promise<void> {
      await runner.query(up);
    }

    async down(runner: QueryRunner): Promise<void> {
      await runner.query(down);
    }
  };
}
