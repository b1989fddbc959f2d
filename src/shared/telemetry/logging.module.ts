import { LoggerModule } from 'nestjs-pino';
import { ServerSettings } from '../config/index.js';

/** Header values that never reach a log, should one ever be logged. */
const SECRETS = ['*.headers.authorization', '*.headers.cookie', '*.authorization'];

/** Structured JSON logs on standard output. Requests are logged by a hook of the HTTP server (`shared/http/access-log.ts`), not by a middleware. */
export const LoggingModule = LoggerModule.forRootAsync({
  inject: [ServerSettings],
  useFactory: ({ logLevel }: ServerSettings) => ({
    pinoHttp: { level: logLevel, redact: { paths: SECRETS, censor: '[secret]' }, autoLogging: false },
    forRoutes: [],
  }),
});
