import { Injectable } from '@nestjs/common';
import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client';

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

  counter<L extends string = never>(spec: MetricSpec<L>): Counter<L> {
    return new Counter({ ...spec, labelNames: [...(spec.labelNames ?? [])], registers: [this.registry] });
  }

  gauge<L extends string = never>(spec: MetricSpec<L>): Gauge<L> {
    return new Gauge({ ...spec, labelNames: [...(spec.labelNames ?? [])], registers: [this.registry] });
  }

  /** @param buckets upper bounds in the metric's unit */
  histogram<L extends string = never>(spec: MetricSpec<L>, buckets: readonly number[]): Histogram<L> {
    return new Histogram({ ...spec, labelNames: [...(spec.labelNames ?? [])], buckets: [...buckets], registers: [this.registry] });
  }


  /** Every metric in the Prometheus text format. */
  async render(): Promise<string> {
    return this.registry.metrics();
  }
}
