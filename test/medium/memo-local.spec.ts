import { MemoCache, MemoryBackend, AsyncMemoCache } from '../../src/shared/memo/index.js';
import { keepsTheContract } from '../support/memo-contract.js';

let memory = new MemoryBackend();
const emptyMemory = (): void => {
  memory = new MemoryBackend();
};
keepsTheContract('memory', { open: (options) => new MemoCache(memory, options), empty: emptyMemory, isPersistent: false });
keepsTheContract('memory that answers later', { open: (options) => new AsyncMemoCache(memory, options), empty: emptyMemory, isPersistent: false });
