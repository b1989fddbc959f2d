import { Injectable } from '@nestjs/common';
import type { Conversation } from '../../conversations/index.js';
import { ExecutionWalk } from '../../execution/index.js';

/** Whose conversation it is: that of the user it was begun for; one that was begun for nobody is that of the only user who took part in it. */
@Injectable()
export class Ownership {
  constructor(private readonly executions: ExecutionWalk) {}

  /** @param userId of somebody who took part in it */
  async isHis(tenantId: string, { conversationId, userId: owner }: Pick<Conversation, 'conversationId' | 'userId'>, userId: string): Promise<boolean> {
    if (owner !== null) return owner === userId;
    for await (const { userId: other } of this.executions.executions(tenantId, { conversationId })) if (other !== null && other !== userId) return false;
    return true;
  }
}
