import { type DynamicModule, Module } from '@nestjs/common';
import { APP_FILTER, APP_INTERCEPTOR, APP_PIPE } from '@nestjs/core';
import { AgentsModule } from './modules/agents/index.js';
import { ConversationsModule } from './modules/conversations/index.js';
import { CrmModule } from './modules/crm/index.js';
import { ExecutionModule } from './modules/execution/index.js';
import { KnowledgeModule } from './modules/knowledge/index.js';
import { MigrationModule } from './modules/migration/index.js';
import { TenancyModule } from './modules/tenancy/index.js';
import { ActionsModule } from './shared/actions/index.js';
import { CacheModule } from './shared/cache/index.js';
import { ConfigModule, type Settings } from './shared/config/index.js';
import { DatabaseModule } from './shared/database/index.js';
import { DeprecationInterceptor, ErrorFilter, validationPipe } from './shared/http/index.js';
import { IdempotencyModule } from './shared/idempotency/index.js';
import { OutboundModule } from './shared/outbound/index.js';
import { RedisModule } from './shared/redis/index.js';
import { TelemetryModule } from './shared/telemetry/index.js';

/** The whole system. */
@Module({})
export class AppModule {
  static forRoot(settings: Settings): DynamicModule {
    return {
      module: AppModule,
      imports: [
        ...[ConfigModule.forRoot(settings), TelemetryModule, RedisModule, DatabaseModule, OutboundModule, IdempotencyModule, CacheModule, ActionsModule],
        ...[TenancyModule, AgentsModule, ConversationsModule, KnowledgeModule, ExecutionModule, MigrationModule, CrmModule],
      ],
      providers: [
        { provide: APP_FILTER, useClass: ErrorFilter },
        { provide: APP_INTERCEPTOR, useClass: DeprecationInterceptor },
        { provide: APP_PIPE, useFactory: validationPipe },
      ],
    };
  }
}
