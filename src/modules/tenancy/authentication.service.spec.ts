import crypto from 'node:crypto';
import { expect, it, jest } from '@jest/globals';
import type { ServerSettings } from '../../shared/config/index.js';
import type { ApiKeyRepository } from './api-key.repository.js';
import type { TenantsService } from './tenants.service.js';

const compare = jest.fn(crypto.timingSafeEqual);
jest.unstable_mockModule('node:crypto', () => ({ ...crypto, timingSafeEqual: compare }));
const { AuthenticationService } = await import('./authentication.service.js');

it('the administrator’s key is compared in constant time, whatever is sent, as hashes of one length', async () => {
  const apiKeys = { findHolder: () => Promise.resolve(undefined) } as Pick<ApiKeyRepository, 'findHolder'> as ApiKeyRepository;
  const authentication = new AuthenticationService({ adminKey: 'the-key', authMode: 'keys' } as ServerSettings, apiKeys, {} as TenantsService);
  expect(await authentication.authenticate({ authorization: 'Bearer the-key' })).toMatchObject({ scopes: ['admin'] });
  for (const key of ['the-kez', 't', 'the-key-and-more']) await expect(authentication.authenticate({ authorization: `Bearer ${key}` })).rejects.toMatchObject({ code: 'API_KEY_INVALID' });
  expect(compare.mock.calls.map((hashes) => hashes.map(({ byteLength }) => byteLength))).toEqual(Array.from({ length: 4 }, () => [32, 32]));
});
