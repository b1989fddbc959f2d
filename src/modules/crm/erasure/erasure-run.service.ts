import { Injectable } from '@nestjs/common';
import { PinoLogger } from 'nestjs-pino';
import { CrmSettings } from '../../../shared/config/index.js';
import { type Erasure, isOpen } from './erasure.js';
import { ErasurePass } from './erasure-pass.service.js';
import { ErasureRepository, type ErasureRef } from './erasure.repository.js';
import { Erasures } from './erasures.service.js';
import { FoundThings } from './found-things.service.js';

/**
 * Does erasures, a pass at a time: what is the user's is found and written down, then taken out everywhere. Whoever had read something before may write it
 * once more, so another pass follows when that is over, and another one until one finds nothing: docs/decisions/0050.
 */
@Injectable()
export class ErasureRun {
  constructor(
    private readonly erasures: ErasureRepository,
    private readonly requests: Erasures,
    private readonly found: FoundThings,
    private readonly pass: ErasurePass,
    private readonly settings: CrmSettings,
    private readonly logger: PinoLogger,
  ) {}

  /** One pass, if it is time for it. Again changes nothing more. @throws ERASURE_NOT_FOUND (notFound), and what a store throws */
  async run(ref: ErasureRef, signal: AbortSignal): Promise<Erasure> {
    const erasure = await this.requests.get(ref);
    if (!isOpen(erasure)) return erasure;
    const { erasureId, tenantId, passes, lookedAt } = erasure;
    const settlesAt = lookedAt.getTime() + this.settings.erasureSettleSeconds * 1_000;
    if (passes > 0 && settlesAt > Date.now()) {
      await this.requests.wake(erasure, settlesAt - Date.now());
      return erasure;
    }
    const found = await this.pass.run(await this.found.add(erasure), signal);
    if (found === 0 && passes > 0) {
      await this.erasures.complete(ref, new Date());
      this.logger.info({ tenantId, erasureId, passes: passes + 1 }, 'A user was erased');
    } else {
      await this.erasures.endPass(ref, new Date());
      await this.requests.wake({ ...erasure, passes: passes + 1 }, this.settings.erasureSettleSeconds * 1_000);
    }
    return this.requests.get(ref);
  }

  /** The receipt says what stands in the way; whoever looks after erasures tries again. */
  async noteFailure(ref: ErasureRef, code: string): Promise<void> {
    await this.erasures.fail(ref, code);
  }
}
