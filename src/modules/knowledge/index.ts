export type { EmbeddingCall, EmbeddingMeter } from './embedding-meter.js';
export { EmbeddingsService } from './embeddings.service.js';
export type { EmbeddingRequest, Embeddings } from './embeddings.service.js';
export { KnowledgeModule } from './knowledge.module.js';
