import { SyncMemoBackend } from './memo-backend.js';

/** Keeps nothing: every call computes. */
export class NoCacheBackend extends SyncMemoBackend {
  readonly isPersistent = false;

  read(): undefined {
    return undefined;
  }

  write(): void {}

  delete(): boolean {
    return false;
  }

  slots(): readonly string[] {
    return [];
  }

  clear(): void {}
}
