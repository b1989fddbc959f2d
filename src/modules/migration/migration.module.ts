import { Module } from '@nestjs/common';
import { DatabaseModule } from '../../shared/database/index.js';
import { ConversationsModule } from '../conversations/index.js';
import { TenancyModule } from '../tenancy/index.js';
import { ConversationMover } from './conversation-mover.service.js';
import { LedgerEntity } from './ledger.entity.js';
import { LedgerRepository } from './ledger.repository.js';
import { MigrationLedger } from './migration-ledger.service.js';
import { MoveConversationHandler } from './move-conversation.handler.js';
import { RangeWriter } from './range-writer.service.js';
import { SweepDueHandler } from './sweep-due.handler.js';

@Module({
  imports: [DatabaseModule.forEntities(LedgerEntity), ConversationsModule, TenancyModule],
  providers: [LedgerRepository, MigrationLedger, RangeWriter, ConversationMover, MoveConversationHandler, SweepDueHandler],
  exports: [MigrationLedger],
})
export class MigrationModule {}
