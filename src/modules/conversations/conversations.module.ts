import { Module } from '@nestjs/common';
import { DatabaseModule } from '../../shared/database/index.js';
import { TenancyModule } from '../tenancy/index.js';
import { GetContextHandler } from './actions/get-context.handler.js';
import { GetHistoryHandler } from './actions/get-history.handler.js';
import { SaveMessageHandler } from './actions/save-message.handler.js';
import { SessionClosedHandler } from './actions/session-closed.handler.js';
import { AnnotationRepository } from './annotations/annotation.repository.js';
import { ConversationAnnotations } from './annotations/conversation-annotations.service.js';
import { ConversationAssignmentEntity } from './annotations/conversation-assignment.entity.js';
import { ConversationLabelEntity } from './annotations/conversation-label.entity.js';
import { ConversationNoteEntity } from './annotations/conversation-note.entity.js';
import { NoteRepository } from './annotations/note.repository.js';
import { ArchiveRepository } from './archive/archive.repository.js';
import { ConversationArchive } from './archive/conversation-archive.service.js';
import { ConversationTotalChangeEntity } from './archive/conversation-total-change.entity.js';
import { ConversationTotalsEntity } from './archive/conversation-totals.entity.js';
import { ConversationTotalsRepository } from './archive/conversation-totals.repository.js';
import { ConversationEntity } from './archive/conversation.entity.js';
import { RetentionRepository } from './archive/retention.repository.js';
import { ConversationSearchRepository } from './archive/conversation-search.repository.js';
import { MessageEntity } from './archive/message.entity.js';
import { ConversationBounds } from './conversation-bounds.service.js';
import { ConversationRetention } from './conversation-retention.service.js';
import { ConversationStatistics } from './conversation-statistics.service.js';
import { ConversationsService } from './conversations.service.js';
import { ColdHistory } from './history/cold-history.service.js';
import { ConversationList } from './history/conversation-list.service.js';
import { HistoryReader } from './history/history-reader.service.js';
import { SessionHistories } from './history/session-histories.service.js';
import { HotConversationStore } from './hot/hot-conversation.store.js';
import { HotIndexStore } from './hot/hot-index.store.js';
import { SessionSocketsStore } from './hot/session-sockets.store.js';
import { ContextReader } from './memory/context-reader.service.js';
import { MemoryManager } from './memory/memory-manager.service.js';
import { TokenCounter } from './memory/token-counter.service.js';
import { MessageAppender } from './message-appender.service.js';
import { ConversationWalk } from './personal/conversation-walk.service.js';
import { ConversationErasure } from './personal/conversation-erasure.service.js';
import { RedactedMessageStore } from './personal/redacted-message.store.js';
import { PersonalConversationRepository } from './personal/personal-conversation.repository.js';
import { ConversationsController } from './rest/conversations.controller.js';
import { InternalTwinsController } from './rest/internal-twins.controller.js';
import { MessagesController } from './rest/messages.controller.js';
import { SessionsController } from './rest/sessions.controller.js';
import { SessionsService } from './sessions.service.js';
import { SocketSessions } from './socket-sessions.service.js';

const ENTITIES = [ConversationEntity, MessageEntity, ConversationLabelEntity, ConversationAssignmentEntity, ConversationNoteEntity, ConversationTotalsEntity, ConversationTotalChangeEntity];
const STORES = [HotConversationStore, HotIndexStore, SessionSocketsStore, ArchiveRepository, ConversationTotalsRepository, ConversationSearchRepository, AnnotationRepository, NoteRepository, RetentionRepository, ConversationArchive, PersonalConversationRepository, RedactedMessageStore];
const READERS = [ColdHistory, HistoryReader, ConversationList, SessionHistories, ConversationStatistics, TokenCounter, MemoryManager, ContextReader, ConversationWalk];
const WRITERS = [ConversationBounds, ConversationAnnotations, MessageAppender, ConversationsService, SessionsService, SocketSessions, ConversationRetention, ConversationErasure];
const HANDLERS = [SaveMessageHandler, GetContextHandler, GetHistoryHandler, SessionClosedHandler];

@Module({
  imports: [DatabaseModule.forEntities(...ENTITIES), TenancyModule],
  controllers: [InternalTwinsController, SessionsController, ConversationsController, MessagesController],
  providers: [...STORES, ...READERS, ...WRITERS, ...HANDLERS],
  exports: [
    ...[HotConversationStore, HotIndexStore, ConversationArchive, HistoryReader, ConversationList, ConversationAnnotations, ConversationStatistics, TokenCounter, MemoryManager],
    ...[ConversationsService, SessionsService, SocketSessions, ConversationRetention, ConversationWalk, ConversationErasure],
  ],
})
export class ConversationsModule {}
