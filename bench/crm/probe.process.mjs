// A route that does nothing: on bare Fastify, in the product without a guard, and in the product behind it, as every route of the API is.
import 'reflect-metadata';
import { Controller, Get, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import Fastify from 'fastify';
import { compiled } from '../conversations/product.mjs';
import { serveHelper } from '../helper.mjs';

await serveHelper(async ({ environment }) => {
  const [{ AppModule }, { loadSettings }, { Public }, { RequiresScope }, { SocketAdapter }] = await Promise.all(
    ['app.module.js', 'shared/config/index.js', 'shared/telemetry/index.js', 'modules/tenancy/index.js', 'shared/http/index.js'].map(compiled),
  );
  class Probe {
    bare() {
      return { ok: true };
    }

    guarded() {
      return { ok: true };
    }
  }
  const handler = (name, ...decorators) => decorators.forEach((decorate) => decorate(Probe.prototype, name, Object.getOwnPropertyDescriptor(Probe.prototype, name)));
  handler('bare', Get('bare'), Public());
  handler('guarded', Get('guarded'), RequiresScope('operator'));
  Controller('probe')(Probe);
  class ProbeModule {}
  Module({ imports: [AppModule.forRoot(loadSettings(environment))], controllers: [Probe] })(ProbeModule);
  const nest = await NestFactory.create(ProbeModule, new FastifyAdapter(), { logger: ['error'] });
  nest.useWebSocketAdapter(new SocketAdapter(nest, 1_000_000));
  await nest.listen(0, '127.0.0.1');
  const fastify = Fastify();
  fastify.get('/probe/fastify', async () => ({ ok: true }));
  const fastifyUrl = await fastify.listen({ host: '127.0.0.1', port: 0 });
  return { ready: { fastify: `${fastifyUrl}/probe/fastify`, bare: `${await nest.getUrl()}/probe/bare`, guarded: `${await nest.getUrl()}/probe/guarded` } };
});
