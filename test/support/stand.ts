import type { Call } from '../../sandbox/calls.js';
import { startSandbox, type Sandbox } from '../../sandbox/start.js';
import type { UpstreamSandbox } from '../../sandbox/upstream.js';
import { Caller } from './caller.js';
import { startSubgraph, type Subgraph } from './subgraph.js';

export type System = 'pms' | 'cas360';

/** The subgraph as a process of its own, over a sandbox of its own, and who asks it. */
export interface Stand {
  readonly sandbox: Sandbox;
  readonly subgraph: Subgraph;
  readonly caller: Caller;
  stop(): Promise<void>;
}

export async function startStand(settings: Record<string, string> = {}, program?: readonly string[]): Promise<Stand> {
  const sandbox = await startSandbox();
  const subgraph = await startSubgraph({ ...sandbox.environment, ...settings }, program);
  const caller = new Caller(subgraph.url);
  return {
    sandbox,
    subgraph,
    caller,
    stop: async () => {
      await caller.close();
      await subgraph.end('SIGKILL');
      await sandbox.stop();
    },
  };
}

/** The first `count` ids of the contacts of a system, as callers write them. */
export function firstIds(sandbox: Sandbox, system: System, count = Infinity): string[] {
  return [...sandbox[system].data.contacts.keys()].slice(0, count).map((id) => `${system}:${id}`);
}

/** The calls of a system since its last reset that ask for contacts. */
export function contactCalls(system: UpstreamSandbox): readonly Call[] {
  return system.calls.filter(({ kind }) => kind === 'contact' || kind === 'contacts');
}
