import type { Subgraph } from '../../support/subgraph.js';

/** What `measured.ts` tells of the time between two messages. */
export interface Cost {
  readonly cpuMs: number;
  /** The longest time for which the event loop stood still because of the service: a stall without CPU was the machine's. */
  readonly stallMs: number;
}

/** What it cost the service, which runs `measured.ts`, while `what` was done. */
export async function measured(subgraph: Subgraph, what: () => Promise<unknown>): Promise<Cost> {
  await subgraph.tell('start');
  await what();
  const { cpuMs, stallMs } = (await subgraph.tell('stop')) as Cost;
  return { cpuMs, stallMs: Math.min(cpuMs, stallMs) };
}
