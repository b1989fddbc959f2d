import { Delete, Get, HttpCode, Param } from '@nestjs/common';
import { newId } from '../../contracts/index.js';
import { UuidParam } from '../../shared/http/index.js';
import { Audited, CurrentPrincipal, type Principal } from '../tenancy/index.js';
import { CrmController } from './crm-controller.js';
import { ErasureDto } from './dto/erasure.dto.js';
import { UserPathDto } from './dto/user-path.dto.js';
import { Erasures } from './erasure/erasures.service.js';
import { pseudonymOfPath } from './user-target.js';

@CrmController('')
export class CrmErasuresController {
  constructor(private readonly erasures: Erasures) {}

  /** Erases a user everywhere: 202, and a worker does it. While his erasure goes on, the same call answers with it. What he begins after this call is not touched. */
  @Delete('users/:userId')
  @HttpCode(202)
  @Audited('user.erase', { target: pseudonymOfPath, answers: ['erasureId'] })
  async erase(@CurrentPrincipal() { tenantId, keyName }: Principal, @Param() { userId }: UserPathDto): Promise<ErasureDto> {
    return ErasureDto.of(await this.erasures.request({ tenantId, erasureId: newId(), userId, requestedBy: keyName ?? 'headers' }));
  }

  /** How far an erasure is; once it is completed, its receipt. */
  @Get('erasures/:erasureId')
  async get(@CurrentPrincipal() { tenantId }: Principal, @UuidParam('erasureId') erasureId: string): Promise<ErasureDto> {
    return ErasureDto.of(await this.erasures.get({ tenantId, erasureId }));
  }
}
