import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { SwaggerModule } from '@nestjs/swagger';
import { Logger, PinoLogger } from 'nestjs-pino';
import { AppModule } from './app.module.js';
import { describeApi } from './open-api.js';
import { EdgeSettings, ServerSettings, type Settings, parseOriginList } from './shared/config/index.js';
import { SocketAdapter, addBrowserRules, guardRequests, httpOptions, logRequests } from './shared/http/index.js';

/** The application with everything on its wire and its workers running, not listening yet. */
export async function createApp(settings: Settings): Promise<NestFastifyApplication> {
  const server = settings.get(ServerSettings) as ServerSettings;
  const edge = settings.get(EdgeSettings) as EdgeSettings;
  const { entries: allowedOrigins } = parseOriginList(edge.allowedOrigins);
  const adapter = new FastifyAdapter(httpOptions(server, edge));
  const fastify = adapter.getInstance();
  const app = await NestFactory.create<NestFastifyApplication>(AppModule.forRoot(settings), adapter, { logger: ['warn', 'error'], abortOnError: false });
  app.useWebSocketAdapter(new SocketAdapter(app, { maxFrameBytes: server.bodyLimitBytes, allowedOrigins, urlLimitCharacters: edge.urlLimitCharacters }));
  app.enableShutdownHooks([], { useProcessExit: true });
  // Routes are made at init; what is refused before them has a browser's headers, too.
  await addBrowserRules(fastify, allowedOrigins);
  guardRequests(fastify, { isWorker: server.role === 'worker', urlLimitCharacters: edge.urlLimitCharacters });
  logRequests(fastify, await app.resolve(PinoLogger));
  SwaggerModule.setup('docs', app, () => describeApi(app));
  // Nest's own account of modules and routes is not news; from here on its words go into the log.
  await app.init();
  app.useLogger(app.get(Logger));
  return app;
}
