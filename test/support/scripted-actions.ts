import { getQueueToken } from '@nestjs/bull';
import type { Type } from '@nestjs/common';
import { Test, type TestingModule } from '@nestjs/testing';
import type { Queue } from 'bull';
import { type ActionType, type AnswerOf, type DomainAction, newId } from '../../src/contracts/index.js';
import { ActionBus, type ActionHandler, type ActionRun, ActionsModule, HandlesAction, type NewAction } from '../../src/shared/actions/index.js';
import { ConfigModule, loadSettings } from '../../src/shared/config/index.js';
import type { AppError } from '../../src/shared/errors/index.js';
import { RedisModule } from '../../src/shared/redis/index.js';
import { MetricsService, TelemetryModule } from '../../src/shared/telemetry/index.js';
import { redisUrl, templateUrl } from './services.js';

/** A handler that does what a test says and remembers what it was given. */
class Scripted<T extends ActionType> implements ActionHandler<T> {
  readonly runs: { action: DomainAction<T>; run: ActionRun }[] = [];
  readonly exhausted: { action: DomainAction<T>; error: AppError }[] = [];
  script: (run: ActionRun, action: DomainAction<T>) => Promise<AnswerOf<T>> = () => Promise.resolve(undefined as AnswerOf<T>);
  atTheEnd: () => Promise<void> = () => Promise.resolve();

  readonly handle = async (action: DomainAction<T>, run: ActionRun): Promise<AnswerOf<T>> => {
    this.runs.push({ action, run });
    return this.script(run, action);
  };

  readonly onExhausted = async (action: DomainAction<T>, error: AppError): Promise<void> => {
    this.exhausted.push({ action, error });
    await this.atTheEnd();
  };
}

@HandlesAction('execution.agent_run')
export class RunScript extends Scripted<'execution.agent_run'> {}
@HandlesAction('execution.persist')
export class PersistScript extends Scripted<'execution.persist'> {}
@HandlesAction('execution.sweep')
export class SweepRunsScript extends Scripted<'execution.sweep'> {}
@HandlesAction('execution.deliver_webhook')
export class WebhookScript extends Scripted<'execution.deliver_webhook'> {}
@HandlesAction('execution.cancel')
export class CancelScript extends Scripted<'execution.cancel'> {}
@HandlesAction('execution.cache.invalidate')
export class InvalidateScript extends Scripted<'execution.cache.invalidate'> {}
@HandlesAction('management.get_agent_config')
export class ConfigScript extends Scripted<'management.get_agent_config'> {}
@HandlesAction('conversation.save_message')
export class SaveScript extends Scripted<'conversation.save_message'> {}
@HandlesAction('conversation.get_context')
export class ContextScript extends Scripted<'conversation.get_context'> {}
@HandlesAction('conversation.get_history')
export class HistoryScript extends Scripted<'conversation.get_history'> {}
@HandlesAction('conversation.session_closed')
export class SessionClosedScript extends Scripted<'conversation.session_closed'> {}
@HandlesAction('migration.sweep')
export class SweepScript extends Scripted<'migration.sweep'> {}
@HandlesAction('migration.move')
export class MoveScript extends Scripted<'migration.move'> {}
@HandlesAction('migration.start_migration_loop')
export class StartScript extends Scripted<'migration.start_migration_loop'> {}
@HandlesAction('migration.stop_migration_loop')
export class StopScript extends Scripted<'migration.stop_migration_loop'> {}
@HandlesAction('migration.migrate_conversation_explicitly')
export class MigrateScript extends Scripted<'migration.migrate_conversation_explicitly'> {}
@HandlesAction('migration.get_migration_stats')
export class StatsScript extends Scripted<'migration.get_migration_stats'> {}
@HandlesAction('execution.forget_conversations')
export class ForgetScript extends Scripted<'execution.forget_conversations'> {}
@HandlesAction('crm.erase_user')
export class EraseScript extends Scripted<'crm.erase_user'> {}
@HandlesAction('crm.sweep_erasures')
export class SweepErasuresScript extends Scripted<'crm.sweep_erasures'> {}
@HandlesAction('embedding.generate')
export class EmbedScript extends Scripted<'embedding.generate'> {}
@HandlesAction('migration.move')
export class SecondMoveScript extends Scripted<'migration.move'> {}

export const EVERY_SCRIPT: readonly Type[] = [
  ...[RunScript, PersistScript, WebhookScript, SweepRunsScript, CancelScript, InvalidateScript, ConfigScript, SaveScript, ContextScript, HistoryScript, SessionClosedScript],
  ...[SweepScript, MoveScript, StartScript, StopScript, MigrateScript, StatsScript, ForgetScript, EraseScript, SweepErasuresScript, EmbedScript],
];

/** One process that has queues and scripted handlers, and nothing else of the system. */
export class ActionProcess {
  private constructor(private readonly module: TestingModule) {}

  /** @throws what its boot throws, after letting go of everything */
  static async start(environment: Record<string, string> = {}, handlers: readonly Type[] = EVERY_SCRIPT): Promise<ActionProcess> {
    const settings = loadSettings({ DATABASE_URL: templateUrl, REDIS_URL: redisUrl, LOG_LEVEL: 'silent', SHUTDOWN_GRACE_SECONDS: '0', ...environment });
    const imports = [ConfigModule.forRoot(settings), TelemetryModule, RedisModule, ActionsModule];
    const module = await Test.createTestingModule({ imports, providers: [...handlers] }).compile();
    try {
      await module.init();
    } catch (error) {
      await module.close().catch(() => undefined);
      throw error;
    }
    return new ActionProcess(module);
  }

  get bus(): ActionBus {
    return this.module.get(ActionBus, { strict: false });
  }

  script<T extends ActionType>(type: Type<Scripted<T>>): Scripted<T> {
    return this.module.get(type, { strict: false });
  }

  queue(type: ActionType): Queue {
    return this.module.get<Queue>(getQueueToken(type), { strict: false });
  }

  /** Whatever else the process has. */
  get<T>(what: Type<T>): T {
    return this.module.get(what, { strict: false });
  }

  /** How many tries of a type have ended so. */
  async outcomes(type: ActionType, outcome: 'completed' | 'retried' | 'failed'): Promise<number> {
    return this.metric(`nooble_jobs_total{type="${type}",outcome="${outcome}"}`);
  }

  /** The number behind a metric's name and labels; 0 when there is none. */
  async metric(name: string): Promise<number> {
    const lines = (await this.get(MetricsService).render()).split('\n');
    return Number(lines.find((line) => line.startsWith(`${name} `))?.slice(name.length + 1) ?? 0);
  }

  /** Jobs of any state that the queue still has. */
  async left(type: ActionType): Promise<number> {
    const counts: Record<string, number> = { ...(await this.queue(type).getJobCounts()) };
    return Object.values(counts).reduce((sum, count) => sum + count, 0);
  }

  async close(): Promise<void> {
    await this.module.close();
  }
}

/** One turn as the orchestrator sends it. */
export function agentRun(): NewAction<'execution.agent_run'> {
  return { tenantId: 'acme', tenantTier: 'free', data: { conversationId: newId(), sessionId: 's', message: 'hi', messageType: 'text', userInfo: {} } };
}

/** One move of a conversation of its own. */
export function move(): NewAction<'migration.move'> {
  return { tenantId: 'acme', tenantTier: 'free', data: { conversationId: newId() } };
}

/** A whole envelope of a move, as it lies in the queue. */
export function moveEnvelope(overrides: Record<string, unknown> = {}): Record<string, unknown> {
  return { actionId: newId(), actionType: 'migration.move', taskId: newId(), metadata: {}, createdAt: new Date().toISOString(), ...move(), ...overrides };
}

/** A whole envelope of a turn, as it lies in the queue. */
export function agentRunEnvelope(overrides: Record<string, unknown> = {}): Record<string, unknown> {
  return { actionId: newId(), actionType: 'execution.agent_run', taskId: newId(), metadata: {}, createdAt: new Date().toISOString(), ...agentRun(), ...overrides };
}
