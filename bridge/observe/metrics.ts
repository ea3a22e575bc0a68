/** Counters for Prometheus. Labels are from closed sets: no number, no id. */

import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { Observer } from '../pipeline/events.ts';
import type { BridgeStore } from '../pipeline/receive.ts';
import { CALL_STATES } from '../ports.ts';
import type { ChannelHealth } from './channel.ts';

export interface Metrics {
  readonly observe: Observer;
  /** Prometheus' text format. */
  text(): Promise<string>;
  readonly contentType: string;
}

/** Seconds; an answer of an agent takes from a tenth of a second to minutes. */
const SECONDS = [0.005, 0.01, 0.05, 0.1, 0.5, 1, 2, 5, 10, 30, 60, 300];

/** 1 for the state that it is in, 0 for the others. */
function channelGauge(registry: Registry, channel: () => ChannelHealth): void {
  new Gauge({
    name: 'bridge_channel',
    help: "Whether WhatsApp's API takes our calls, by state.",
    labelNames: ['transport', 'state'] as const,
    registers: [registry],
    collect() {
      const { transport, state: now } = channel();
      for (const state of CALL_STATES) this.set({ transport, state }, state === now ? 1 : 0);
    },
  });
}

function gauges(registry: Registry, store: BridgeStore): void {
  for (const name of ['inbox', 'outbox'] as const) {
    for (const state of ['open', 'dead'] as const) {
      new Gauge({
        name: `bridge_${name}_${state}`,
        help: `Messages of the ${name} that are ${state}.`,
        registers: [registry],
        collect() {
          this.set(store[name].depth()[state]);
        },
      });
    }
  }
  new Gauge({
    name: 'bridge_resident_memory_bytes',
    help: 'Resident memory of the process.',
    registers: [registry],
    collect() {
      this.set(process.memoryUsage.rss());
    },
  });
}

export function createMetrics(store: BridgeStore, channel: () => ChannelHealth): Metrics {
  const registry = new Registry();
  const registers = [registry];
  const received = new Counter({
    name: 'bridge_received_total',
    help: 'Messages that came, by what the guard said.',
    labelNames: ['verdict', 'content'] as const,
    registers,
  });
  const steps = new Counter({
    name: 'bridge_steps_total',
    help: 'Attempts of the handler and of sends, by how they ended.',
    labelNames: ['step'] as const,
    registers,
  });
  const handling = new Histogram({
    name: 'bridge_handler_seconds',
    help: 'Time that the handler took.',
    buckets: SECONDS,
    registers,
  });
  const sending = new Histogram({
    name: 'bridge_send_seconds',
    help: 'Time that a send took.',
    buckets: SECONDS,
    registers,
  });
  gauges(registry, store);
  channelGauge(registry, channel);

  return {
    contentType: registry.contentType,
    text: () => registry.metrics(),
    observe(event) {
      if (event.type === 'received') {
        received.inc({ verdict: event.verdict, content: event.content });
        return;
      }
      steps.inc({ step: event.type });
      if (event.type === 'handled') handling.observe(event.ms / 1_000);
      if (event.type === 'sent') sending.observe(event.ms / 1_000);
    },
  };
}
