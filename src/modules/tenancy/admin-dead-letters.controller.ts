import { Controller, Delete, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { ApiBearerAuth, ApiTags } from '@nestjs/swagger';
import { DeadLetters } from '../../shared/actions/index.js';
import { Audited } from './audit/audited.js';
import { DeadLetterPageDto, DeadLetterPathDto, ListDeadLettersDto, RetriedDeadLetterDto } from './dto/dead-letter.dto.js';
import { RequiresScope } from './requires-scope.js';

@ApiTags('operations')
@ApiBearerAuth()
@RequiresScope('admin')
@Controller('api/v1/admin/dead-letters')
export class AdminDeadLettersController {
  constructor(private readonly deadLetters: DeadLetters) {}

  /** Lists the jobs of all tenants that failed for good, newest first. */
  @Get()
  async list(@Query() { limit, cursor }: ListDeadLettersDto): Promise<DeadLetterPageDto> {
    return this.deadLetters.page(limit, cursor);
  }

  /** Sends the action again, with its own ids, to the queue of its type; then the dead letter is gone. One that is no valid action is refused, and stays. */
  @Post(':deadLetterId/retry')
  @Audited('dead_letter.retry', { target: 'deadLetterId', answers: ['actionId', 'actionType'] })
  @HttpCode(202)
  async retry(@Param() { deadLetterId }: DeadLetterPathDto): Promise<RetriedDeadLetterDto> {
    return this.deadLetters.retry(deadLetterId);
  }

  /** Deletes a dead letter. */
  @Delete(':deadLetterId')
  @Audited('dead_letter.delete', { target: 'deadLetterId' })
  @HttpCode(204)
  async remove(@Param() { deadLetterId }: DeadLetterPathDto): Promise<void> {
    await this.deadLetters.remove(deadLetterId);
  }
}
