export { HealthChecks } from './health-checks.service.js';
export { MetricsService } from './metrics.service.js';
export type { MetricSpec } from './metrics.service.js';
export { PUBLIC, Public } from './public.js';
export { rememberSecrets, secretFree } from './secret-free.js';
export { TelemetryModule } from './telemetry.module.js';
