import { Body, Controller, Delete, Get, HttpCode, Post, Query } from '@nestjs/common';
import { ApiBearerAuth, ApiTags } from '@nestjs/swagger';
import { UuidParam } from '../../shared/http/index.js';
import { Idempotent, type NewIds, RequestIds } from '../../shared/idempotency/index.js';
import { Audited } from './audit/audited.js';
import { ApiKeysService } from './api-keys.service.js';
import { ApiKeyDto, ApiKeyPageDto, ListApiKeysDto, RotateApiKeyDto, ShownApiKeyDto } from './dto/api-key.dto.js';
import { CreateApiKeyDto } from './dto/create-api-key.dto.js';
import { RequiresScope } from './requires-scope.js';
import { tenancyErrors } from './tenancy.errors.js';

@ApiTags('operations')
@ApiBearerAuth()
@RequiresScope('admin')
@Controller('api/v1/admin/api-keys')
export class AdminApiKeysController {
  constructor(private readonly apiKeys: ApiKeysService) {}

  /** Creates an API key. The answer holds the key; nothing else ever shows it, so the same `Idempotency-Key` again is 409 `API_KEY_SHOWN`. */
  @Post()
  @Audited('api_key.create', { tenant: 'tenantId', says: ['name', 'scopes', 'expiresAt'], answers: ['keyId'] })
  @Idempotent({ keepsAnswer: false })
  async create(@Body() { tenantId, name, scopes, expiresAt }: CreateApiKeyDto, @RequestIds() ids: NewIds): Promise<ShownApiKeyDto> {
    const { apiKey, key } = await this.apiKeys.create({ tenantId, name, scopes, expiresAt: expiresAt === undefined ? null : new Date(expiresAt) }, ids.id('key'));
    return { ...ApiKeyDto.of(apiKey), key };
  }

  /** Lists the keys of a tenant, newest first, without their secrets. `total` counts those that match. */
  @Get()
  async list(@Query() { tenantId, status, limit, cursor }: ListApiKeysDto): Promise<ApiKeyPageDto> {
    const page = await this.apiKeys.list({ tenantId, status }, { limit, cursor });
    return { data: page.data.map((apiKey) => ApiKeyDto.of(apiKey)), nextCursor: page.nextCursor, total: page.total };
  }

  /** One key, without its secret. */
  @Get(':keyId')
  async get(@UuidParam('keyId') keyId: string): Promise<ApiKeyDto> {
    return ApiKeyDto.of(await this.apiKeys.get(keyId));
  }

  /**
   * Gives a key another secret, which this answer alone shows; id, name, scopes and expiry stay. The secret before works for `overlapSeconds` more; without them it ends
   * at once, in every process, and its open sockets are closed with 1008. The same `Idempotency-Key` again is 409 `API_KEY_SHOWN`.
   */
  @Post(':keyId/rotate')
  @Audited('api_key.rotate', { target: 'keyId', ofKey: 'keyId', says: ['overlapSeconds'] })
  @Idempotent({ keepsAnswer: false })
  async rotate(@UuidParam('keyId') keyId: string, @Body() { overlapSeconds = 0 }: RotateApiKeyDto, @RequestIds() ids: NewIds): Promise<ShownApiKeyDto> {
    if (ids.isRepeat) throw tenancyErrors.rotationRepeated(keyId);
    const { apiKey, key } = await this.apiKeys.rotate(keyId, overlapSeconds);
    return { ...ApiKeyDto.of(apiKey), key };
  }

  /** Revokes a key, at once and in every process; its open sockets are closed with 1008. It stays in the list. Repeating it changes nothing. */
  @Delete(':keyId')
  @Audited('api_key.revoke', { target: 'keyId', ofKey: 'keyId' })
  @HttpCode(204)
  async revoke(@UuidParam('keyId') keyId: string): Promise<void> {
    await this.apiKeys.revoke(keyId);
  }
}
