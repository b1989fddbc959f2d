import { Body, Controller, HttpCode, Post } from '@nestjs/common';
import { ApiBearerAuth, ApiTags } from '@nestjs/swagger';
import { CurrentPrincipal, type Principal, RequiresScope } from '../tenancy/index.js';
import { EmbedTextsDto } from './dto/embed-texts.dto.js';
import { EmbeddingsDto } from './dto/embeddings.dto.js';
import { EmbeddingsService } from './embeddings.service.js';

@ApiTags('embeddings')
@ApiBearerAuth()
@RequiresScope('user')
@Controller('api/v1/embeddings')
export class EmbeddingsController {
  constructor(private readonly embeddings: EmbeddingsService) {}

  /** Texts as vectors. A text that was embedded before, by the same model for the same tenant, is not embedded again. */
  @Post()
  @HttpCode(200)
  async embed(@CurrentPrincipal() principal: Principal, @Body() wanted: EmbedTextsDto): Promise<EmbeddingsDto> {
    return EmbeddingsDto.of(await this.embeddings.embed(principal, wanted));
  }
}
