import { Injectable } from '@nestjs/common';
import { ActionBus } from '../../../shared/actions/index.js';
import { userPseudonym } from '../../tenancy/index.js';
import type { Erasure } from './erasure.js';
import { erasureErrors } from './erasure.errors.js';
import { ErasureRepository, type ErasureRef } from './erasure.repository.js';

/** Who wants whom erased. */
export interface ErasureRequest extends ErasureRef {
  readonly userId: string;
  /** Name of his API key. */
  readonly requestedBy: string;
}

/** Erasures that were asked for. */
@Injectable()
export class Erasures {
  constructor(
    private readonly erasures: ErasureRepository,
    private readonly bus: ActionBus,
  ) {}

  /** Begins an erasure; while one of the same user goes on, it is that one. The row is there before the job: a crash in between is mended by the sweep. */
  async request(request: ErasureRequest): Promise<Erasure> {
    const { tenantId, erasureId, userId, requestedBy } = request;
    const erasure = await this.erasures.open({ tenantId, erasureId, userId, userHash: userPseudonym(tenantId, userId), requestedBy, requestedAt: new Date() });
    // The one that went on has been completed in this moment.
    if (!erasure) return this.request(request);
    if (erasure.status === 'pending') await this.wake(erasure);
    return erasure;
  }

  /** @throws ERASURE_NOT_FOUND (notFound) */
  async get(ref: ErasureRef): Promise<Erasure> {
    const erasure = await this.erasures.find(ref);
    if (!erasure) throw erasureErrors.notFound(ref.erasureId);
    return erasure;
  }

  /** Has a worker make the next pass, once however often it is said. The job says nothing but which erasure. */
  async wake({ tenantId, erasureId, passes }: Pick<Erasure, 'tenantId' | 'erasureId' | 'passes'>, delayMs = 0): Promise<void> {
    await this.bus.send('crm.erase_user', { tenantId, tenantTier: 'enterprise', data: { erasureId } }, { jobId: `${erasureId}.${String(passes)}`, delayMs });
  }
}
