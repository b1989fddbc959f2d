import { describe, expect, it } from '@jest/globals';
import { DatabaseSettings, ModelSettings, RedisSettings, ServerSettings } from '../config/index.js';
import { secretFree, rememberSecrets } from './secret-free.js';

describe('text for a log', () => {
  it.each([
    ['an API key', 'no key nk_abcdefgh-1234_X here', 'no key nk_[secret] here'],
    ['a header', '{"authorization":"Bearer abc.defgh"}', '{"authorization":"Bearer [secret]"}'],
    ['basic credentials', 'Basic dXNlcjpwYXNz', 'Basic [secret]'],
    ['credentials in a URL', 'connect postgres://nooble:pa%40ss@db:5432/nooble failed', 'connect postgres://[secret]@db:5432/nooble failed'],
    ['a password without a user', 'redis://:hunter2@cache', 'redis://[secret]@cache'],
    ['a ticket', '/ws?sessionId=a&ticket=5p0Zk&x=1', '/ws?sessionId=a&ticket=[secret]&x=1'],
    ['a key in a query', 'GET https://api.example.com/v1?api_key=s3cret', 'GET https://api.example.com/v1?api_key=[secret]'],
  ])('is without %s', (_, text, clean) => {
    expect(secretFree(text)).toBe(clean);
  });

  it.each(['connect ECONNREFUSED 127.0.0.1:5432', '"url":"https://a.example.com:8443/x?after=4&limit=2"', 'Bearer nk_…', 'the bearer of it', 'mail@example.com'])('keeps "%s"', (text) => {
    expect(secretFree(text)).toBe(text);
  });

  it('is without the values of secret settings, however they are written', () => {
    const [server, database, redis, models] = [new ServerSettings(), new DatabaseSettings(), new RedisSettings(), new ModelSettings()];
    server.adminKey = 'admin-key-of-this-test-"quoted"-000';
    database.url = 'postgres://nooble:long%40password-1@db/nooble';
    redis.url = 'redis://:short@cache';
    models.openaiApiKey = 'sk-provider-key';
    rememberSecrets([server, database, redis, models]);
    const text = JSON.stringify(['admin-key-of-this-test-"quoted"-000', 'long@password-1', 'long%40password-1', 'said sk-provider-key!', 'short']);
    expect(secretFree(text)).toBe(JSON.stringify(['[secret]', '[secret]', '[secret]', 'said [secret]!', 'short']));
  });
});
