import { Module } from '@nestjs/common';
import { TenancyModule } from '../tenancy/index.js';
import { EmbeddingMemoStore } from './embedding-memo.store.js';
import { EmbeddingsController } from './embeddings.controller.js';
import { EmbeddingsService } from './embeddings.service.js';
import { GenerateEmbeddingsHandler } from './generate-embeddings.handler.js';
import { EmbeddingModels } from './models/embedding-models.js';

@Module({
  imports: [TenancyModule],
  controllers: [EmbeddingsController],
  providers: [EmbeddingModels, EmbeddingMemoStore, EmbeddingsService, GenerateEmbeddingsHandler],
  exports: [EmbeddingsService],
})
export class KnowledgeModule {}
