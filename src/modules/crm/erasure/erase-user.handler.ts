import type { DomainAction, ErasedUserAnswer } from '../../../contracts/index.js';
import { type ActionHandler, type ActionRun, HandlesAction } from '../../../shared/actions/index.js';
import type { AppError } from '../../../shared/errors/index.js';
import { ErasureRun } from './erasure-run.service.js';

/** Running twice equals running once: what was taken out is found no more, and a completed erasure stays as it is. */
@HandlesAction('crm.erase_user')
export class EraseUserHandler implements ActionHandler<'crm.erase_user'> {
  constructor(private readonly erasure: ErasureRun) {}

  readonly handle = async ({ tenantId, data: { erasureId } }: DomainAction<'crm.erase_user'>, { signal }: ActionRun): Promise<ErasedUserAnswer> => {
    const { status } = await this.erasure.run({ tenantId, erasureId }, signal);
    return { erasureId, status };
  };

  readonly onExhausted = async ({ tenantId, data: { erasureId } }: DomainAction<'crm.erase_user'>, { code }: AppError): Promise<void> => {
    await this.erasure.noteFailure({ tenantId, erasureId }, code);
  };
}
