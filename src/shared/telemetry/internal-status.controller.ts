import { Controller, Get, ServiceUnavailableException } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { HealthCheckService, type HealthCheckResult } from '@nestjs/terminus';
import { HealthChecks } from './health-checks.service.js';
import { Public } from './public.js';

interface InternalStatus {
  readonly status: 'operational' | 'degraded';
  /** Each has just been asked. */
  readonly dependencies: Readonly<Record<string, 'connected' | 'disconnected'>>;
}

/** What the seeds' `/internal/status` was meant to say. @source behaviours.md 90 */
@ApiTags('operations')
@Public()
@Controller('internal/status')
export class InternalStatusController {
  constructor(
    private readonly health: HealthCheckService,
    private readonly checks: HealthChecks,
  ) {}

  @Get()
  @ApiOperation({ summary: 'What the process depends on, each asked now; 200 also when one does not answer' })
  async get(): Promise<InternalStatus> {
    const states = Object.entries((await this.result()).details);
    const dependencies = Object.fromEntries(states.filter(([name]) => name !== 'process').map(([name, { status }]) => [name, status === 'up' ? 'connected' : 'disconnected'] as const));
    return { status: states.every(([, { status }]) => status === 'up') ? 'operational' : 'degraded', dependencies };
  }

  /** Terminus throws what it has found when something is down. */
  private async result(): Promise<HealthCheckResult> {
    try {
      return await this.health.check(this.checks.all());
    } catch (error) {
      if (error instanceof ServiceUnavailableException) return error.getResponse() as HealthCheckResult;
      throw error;
    }
  }
}
