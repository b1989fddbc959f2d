import { Get, Query } from '@nestjs/common';
import { AuditLog, CurrentPrincipal, type Principal, WithoutTenant } from '../tenancy/index.js';
import { CrmController } from './crm-controller.js';
import { AuditEntryDto, AuditPageDto, ListAuditDto } from './dto/audit.dto.js';

@CrmController('audit')
export class CrmAuditController {
  constructor(private readonly log: AuditLog) {}

  /** What operators and administrators have done to the tenant's things, newest first. Administrators who name no tenant see those of all. */
  @Get()
  @WithoutTenant()
  async list(@CurrentPrincipal() { tenantId }: Principal, @Query() { limit, cursor, ...filter }: ListAuditDto): Promise<AuditPageDto> {
    const { data, nextCursor } = await this.log.list(tenantId, filter, limit, cursor);
    return { data: data.map((entry) => AuditEntryDto.of(entry)), nextCursor };
  }
}
