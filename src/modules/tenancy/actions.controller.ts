import { Body, Controller, HttpCode, Post, Query, Res } from '@nestjs/common';
import { ApiAcceptedResponse, ApiBearerAuth, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { ACTION_ALIASES, ACTIONS, ACTION_TYPES, type ActionSpec, type ActionType, SYSTEM_TENANT, isAnswered } from '../../contracts/index.js';
import { ActionBus, type NewAction } from '../../shared/actions/index.js';
import { Idempotent, type NewIds, idsOf } from '../../shared/idempotency/index.js';
import { Audited, type CallerRequest } from './audit/audited.js';
import { AuthenticationService } from './authentication.service.js';
import { SendActionDto, SendActionQueryDto } from './dto/send-action.dto.js';
import { AnsweredActionDto, SentActionDto } from './dto/sent-action.dto.js';
import { CurrentPrincipal, type Principal } from './principal.js';
import { RequiresScope, WithoutTenant } from './requires-scope.js';
import { tenancyErrors } from './tenancy.errors.js';

@ApiTags('actions')
@ApiBearerAuth()
@RequiresScope('internal')
@Controller('api/v1/actions')
export class ActionsController {
  constructor(
    private readonly bus: ActionBus,
    private readonly authentication: AuthenticationService,
  ) {}

  /**
   * Sends a domain action in the name of the caller's tenant; administrators may name another one in `tenantId`. Those that concern every tenant need the scope admin. 202: it is queued, and will be done at least once. With `wait=true` the
   * answer is awaited: 200 with its data, the error that the action failed with, or 503 `ACTION_TIMEOUT` after 30 s, with the action still queued.
   */
  @Post()
  @HttpCode(202)
  @Idempotent()
  @Audited('action.send', { isNeeded: isAdminAction, says: ['actionType'], answers: ['actionId'] })
  @WithoutTenant()
  @ApiAcceptedResponse({ type: SentActionDto })
  @ApiOkResponse({ type: AnsweredActionDto, description: 'The answer, with `wait=true`.' })
  async send(@CurrentPrincipal() principal: Principal, @Body() body: SendActionDto, @Query() { wait }: SendActionQueryDto, @Res({ passthrough: true }) reply: FastifyReply): Promise<SentActionDto | AnsweredActionDto> {
    const { actionType, tenantId, ...rest } = body;
    const caller = await this.authentication.inTenant(principal, tenantId);
    requireRight(caller, actionType);
    const ids = idsOf(reply.request);
    const action = actionOf(caller, rest, ids);
    const { actionId, taskId } = action;
    if (wait) {
      const data = await this.answerTo(actionType, action);
      void reply.status(200);
      return { actionId, actionType, taskId, data };
    }
    const correlationId = action.correlationId ?? ids.id('correlation');
    await this.bus.send(actionType, { ...action, correlationId });
    return { actionId, actionType, taskId, correlationId };
  }

  private async answerTo(actionType: ActionType, action: NewAction<ActionType>): Promise<unknown> {
    if (!isAnswered(actionType)) throw tenancyErrors.answerLater(actionType);
    const { callbackQueueName, correlationId, ...asked } = action;
    if (callbackQueueName !== undefined || correlationId !== undefined) throw tenancyErrors.answerTwice();
    // The bus checks the data by the type.
    return (await this.bus.request(actionType, asked)) ?? null;
  }
}

/** One that only administrators may send. */
function isAdminAction({ body }: CallerRequest): boolean {
  const { actionType: named } = (body ?? {}) as { readonly actionType?: unknown };
  const aliases: Readonly<Record<string, ActionType>> = ACTION_ALIASES;
  const actionType = typeof named === 'string' && Object.hasOwn(aliases, named) ? aliases[named] : named;
  return ACTION_TYPES.some((type) => type === actionType && (ACTIONS[type] as ActionSpec).isAdminOnly === true);
}

/** @throws SCOPE_MISSING (forbidden), TENANT_UNNAMED (invalid) */
function requireRight({ scopes, tenantId }: Principal, actionType: ActionType): void {
  const { isAdminOnly, isForAllToo }: ActionSpec = ACTIONS[actionType];
  if (isAdminOnly === true && !scopes.includes('admin')) throw tenancyErrors.scopeMissing('admin');
  if (tenantId === SYSTEM_TENANT && isAdminOnly !== true && isForAllToo !== true) throw tenancyErrors.tenantUnnamed();
}

/** The tier is that of the tenant, whatever the body says. */
function actionOf({ tenantId, tier }: Principal, { data, ...fields }: Omit<SendActionDto, 'actionType' | 'tenantId'>, ids: NewIds): NewAction<ActionType> & { actionId: string; taskId: string } {
  const said = Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
  return { actionId: ids.id('action'), taskId: ids.id('task'), ...said, tenantId, tenantTier: tier, data: data };
}
