import { Controller, Get } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { Public } from './public.js';

/** What somebody finds who has only the address. */
interface Product {
  readonly name: string;
  readonly documentation: string;
  readonly openApi: string;
  readonly health: string;
}

@ApiTags('operations')
@Public()
@Controller()
export class ProductController {
  @Get()
  @ApiOperation({ summary: 'What this is, and where its documentation and its health are' })
  show(): Product {
    return { name: 'Nooble', documentation: '/docs', openApi: '/docs-json', health: '/health/ready' };
  }
}
