import { Body, Controller, Get, Param, Patch, Post, Query } from '@nestjs/common';
import { ApiBearerAuth, ApiTags } from '@nestjs/swagger';
import { Idempotent, type NewIds, RequestIds } from '../../shared/idempotency/index.js';
import { Audited } from './audit/audited.js';
import { CreateTenantDto } from './dto/create-tenant.dto.js';
import { ListTenantsDto, TenantDto, TenantPageDto, TenantPathDto, UpdateTenantDto } from './dto/tenant.dto.js';
import { RequiresScope } from './requires-scope.js';
import { TenantsService } from './tenants.service.js';

@ApiTags('operations')
@ApiBearerAuth()
@RequiresScope('admin')
@Controller('api/v1/admin/tenants')
export class AdminTenantsController {
  constructor(private readonly tenants: TenantsService) {}

  /** Creates a tenant. */
  @Post()
  @Audited('tenant.create', { tenant: 'tenantId', says: ['name', 'tier'], answers: ['tenantId'] })
  @Idempotent()
  async create(@Body() body: CreateTenantDto, @RequestIds() ids: NewIds): Promise<TenantDto> {
    return TenantDto.of(await this.tenants.create(body, ids.id('tenant')));
  }

  /** Lists tenants, newest first. `total` counts those that match. */
  @Get()
  async list(@Query() { limit, cursor, ...filter }: ListTenantsDto): Promise<TenantPageDto> {
    const { data, nextCursor, total } = await this.tenants.list(filter, { limit, cursor });
    return { data: data.map((tenant) => TenantDto.of(tenant)), nextCursor, total };
  }

  /** One tenant. */
  @Get(':tenantId')
  async get(@Param() { tenantId }: TenantPathDto): Promise<TenantDto> {
    return TenantDto.of(await this.tenants.get(tenantId));
  }

  /**
   * Changes the fields that are sent, for every process at once. With another tier, or switched off, the tenant's open sockets are closed with 1008.
   * Runs that were accepted before go on to their end.
   */
  @Patch(':tenantId')
  @Audited('tenant.update', { target: 'tenantId', tenant: 'tenantId', says: ['name', 'tier', 'isActive'] })
  async update(@Param() { tenantId }: TenantPathDto, @Body() edit: UpdateTenantDto): Promise<TenantDto> {
    return TenantDto.of(await this.tenants.update(tenantId, edit));
  }
}
