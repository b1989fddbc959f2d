import { Injectable } from '@nestjs/common';
import { Counter, Registry, collectDefaultMetrics } from 'prom-client';

/** What a metric is called and what it counts; names end in their unit. */
export interface MetricSpec<L extends string> {
  readonly name: `nooble_${string}`;
  readonly help: string;
  readonly labelNames?: readonly L[];
}

/** The process's Prometheus registry; a module makes its metrics here, once, in a constructor. */
@Injectable()
export class MetricsService {
  private readonly registry = new Registry();

  constructor() {
    collectDefaultMetrics({ register: this.registry });
  }

  /** Something that only grows. */
  counter<L extends string = never>(spec: MetricSpec<L>): Counter<L> {
    return new Counter({ ...spec, labelNames: [...(spec.labelNames ?? [])], registers: [this.registry] });
  }

  /** Every metric in the Prometheus text format. */
  async render(): Promise<string> {
    return this.registry.metrics();
  }
}
