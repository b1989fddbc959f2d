import { Body, Controller, Post } from '@nestjs/common';
import { ApiBearerAuth, ApiTags } from '@nestjs/swagger';
import { Idempotent, type NewIds, RequestIds } from '../../shared/idempotency/index.js';
import { Audited } from './audit/audited.js';
import { ApiKeyDto } from './dto/api-key.dto.js';
import { CreateApiKeyDto } from './dto/create-api-key.dto.js';
import { RequiresScope } from './requires-scope.js';
import { TenantsService } from './tenants.service.js';

@ApiTags('operations')
@ApiBearerAuth()
@RequiresScope('admin')
@Controller('api/v1/admin/api-keys')
export class AdminApiKeysController {
  constructor(private readonly tenants: TenantsService) {}

  /** Creates an API key. The answer holds the key; nothing else ever shows it, so the same `Idempotency-Key` again is 409 `API_KEY_SHOWN`. */
  @Post()
  @Audited('api_key.create', { tenant: 'tenantId', says: ['name', 'scopes', 'expiresAt'], answers: ['keyId'] })
  @Idempotent({ keepsAnswer: false })
  async create(@Body() { tenantId, name, scopes, expiresAt }: CreateApiKeyDto, @RequestIds() ids: NewIds): Promise<ApiKeyDto> {
    const created = await this.tenants.createApiKey({ tenantId, name, scopes, expiresAt: expiresAt === undefined ? null : new Date(expiresAt) }, ids.id('key'));
    return { ...created, tenantId, name, scopes };
  }
}
