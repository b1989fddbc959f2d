import { Global, Module } from '@nestjs/common';
import { TerminusModule } from '@nestjs/terminus';
import { HealthController } from './health.controller.js';
import { HealthChecks } from './health-checks.service.js';
import { InternalStatusController } from './internal-status.controller.js';
import { LoggingModule } from './logging.module.js';
import { MetricsController } from './metrics.controller.js';
import { MetricsService } from './metrics.service.js';
import { ProductController } from './product.controller.js';

@Global()
@Module({
  imports: [LoggingModule, TerminusModule.forRoot({ logger: false })],
  controllers: [HealthController, InternalStatusController, MetricsController, ProductController],
  providers: [HealthChecks, MetricsService],
  exports: [HealthChecks, MetricsService],
})
export class TelemetryModule {}
