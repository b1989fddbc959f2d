import { Module } from '@nestjs/common';
import { DatabaseModule } from '../../shared/database/index.js';
import { TenancyModule } from '../tenancy/index.js';
import { ArchiveRepository } from './archive/archive.repository.js';
import { ConversationArchive } from './archive/conversation-archive.service.js';
import { ConversationEntity } from './archive/conversation.entity.js';
import { MessageEntity } from './archive/message.entity.js';
import { ConversationsController } from './conversations.controller.js';
import { ConversationsService } from './conversations.service.js';
import { HistoryReader } from './history-reader.service.js';
import { HotConversationStore } from './hot/hot-conversation.store.js';
import { MemoryManager } from './memory/memory-manager.service.js';
import { TokenCounter } from './memory/token-counter.service.js';
import { SessionsController } from './sessions.controller.js';

@Module({
  imports: [DatabaseModule.forEntities(ConversationEntity, MessageEntity), TenancyModule],
  controllers: [SessionsController, ConversationsController],
  providers: [HotConversationStore, ArchiveRepository, ConversationArchive, HistoryReader, TokenCounter, MemoryManager, ConversationsService],
  exports: [HotConversationStore, ConversationArchive, HistoryReader, TokenCounter, MemoryManager, ConversationsService],
})
export class ConversationsModule {}
