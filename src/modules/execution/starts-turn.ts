import { applyDecorators, HttpCode } from '@nestjs/common';
import { ApiExtraModels, ApiHeader, ApiProduces, ApiQuery, ApiResponse, getSchemaPath } from '@nestjs/swagger';
import { Idempotent } from '../../shared/idempotency/index.js';
import { OVERRIDE_HEADERS, type OverrideHeader } from './context/override-headers.js';
import { AcceptedExecutionDto } from './dto/accepted-execution.dto.js';
import { ExecutionDto } from './dto/execution.dto.js';

/** What every route that starts a turn has in common: its headers and its answers. */
export function StartsTurn(): MethodDecorator {
  const content = { 'application/json': { schema: { $ref: getSchemaPath(ExecutionDto) } }, 'text/event-stream': { schema: { type: 'string' } } } as const;
  return applyDecorators(
    HttpCode(202),
    Idempotent(),
    ApiExtraModels(AcceptedExecutionDto, ExecutionDto),
    ApiQuery({ name: 'wait', required: false, type: Boolean, description: 'true: the answer is the ended execution, with 200' }),
    ApiProduces('application/json', 'text/event-stream'),
    ApiResponse({ status: 202, type: AcceptedExecutionDto, description: 'The turn is accepted' }),
    ApiResponse({ status: 200, content, description: 'With ?wait=true the ended execution, with Accept: text/event-stream its events' }),
    ...(Object.keys(OVERRIDE_HEADERS) as OverrideHeader[]).map((name) => ApiHeader({ name, required: false, description: OVERRIDE_HEADERS[name] })),
  );
}
