import { Injectable } from '@nestjs/common';
import { Counter, Gauge, Registry, collectDefaultMetrics } from 'prom-client';

/** What a metric is called and what it counts; names end in their unit. */
export interface MetricSpec<L extends string> {
  readonly name: `nooble_${string}` | `agent_service_${string}`;
  readonly help: string;
  readonly labelNames?: readonly L[];
}

type Readings<L extends string> = Iterable<readonly [labels: Record<L, string>, value: number]>;

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

  /** Numbers that are kept elsewhere, and read when somebody asks. @param read each value with its labels, in the order of `labelNames`; must not throw */
  read<L extends string>(kind: 'counter' | 'gauge', spec: MetricSpec<L>, read: () => Readings<L> | Promise<Readings<L>>): void {
    const options = { ...spec, labelNames: [...(spec.labelNames ?? [])], registers: [this.registry] };
    const collect = async function (this: Counter<L> | Gauge<L>): Promise<void> {
      const readings = await read();
      this.reset();
      for (const [labels, value] of readings) this.inc(labels, value);
    };
    if (kind === 'counter') new Counter({ ...options, collect });
    else new Gauge({ ...options, collect });
  }

  /** Every metric in the Prometheus text format. */
  async render(): Promise<string> {
    return this.registry.metrics();
  }
}
