import type { Erasure, ErasureStatus } from '../erasure/erasure.js';

export class ErasureDto {
  erasureId!: string;
  /** `completed`: everything was looked at once more, and there was nothing. */
  status!: ErasureStatus;
  /** SHA-256 of tenant and user id, hexadecimal: the user himself is not named. */
  userHash!: string;
  /** Name of the API key. */
  requestedBy!: string;
  /** What began before this is erased. */
  requestedAt!: Date;
  /** Times that every place was looked at. */
  passes!: number;
  /** What was taken out, by place. */
  counts!: Record<string, number>;
  /** Code of what stands in its way; it goes on by itself. */
  error!: string | null;
  /** When it was found that there is nothing left. */
  verifiedAt!: Date | null;

  static of({ erasureId, status, userHash, requestedBy, requestedAt, passes, counts, error, verifiedAt }: Erasure): ErasureDto {
    return { erasureId, status, userHash, requestedBy, requestedAt, passes, counts, error, verifiedAt };
  }
}
