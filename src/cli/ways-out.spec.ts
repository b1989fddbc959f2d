import { describe, expect, it } from '@jest/globals';
import { AppError } from '../shared/errors/index.js';
import { inCommands } from './ways-out.js';

describe('an error on the command line', () => {
  it.each([
    ['TENANT_NOT_FOUND', 'There is no tenant "a.b"; create it with POST /api/v1/admin/tenants.', 'There is no tenant "a.b"; "tenants list" shows those there are, "tenants create" makes one.'],
    ['CONVERSATION_NOT_FOUND', 'There is no conversation "c" here. GET /api/v1/conversations lists yours.', 'There is no conversation "c" here; look whether it is of this --tenant.'],
    ['HOT_STORE_UNAVAILABLE', 'Redis is out of reach. Try again in 2 s.', 'Redis is out of reach. Try again in 2 s.'],
  ])('%s says the way out as a command, if there is one', (code, message, sentence) => {
    expect(inCommands(new AppError({ kind: 'notFound', code, message }))).toBe(sentence);
  });
});
