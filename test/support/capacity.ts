import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { request } from 'undici';
import type { Counts, Kind, Model } from './capacityStandIn.js';

/** The stand-in for load tests, in a process of its own. */
export interface Capacity {
  readonly url: string;
  /** The settings that point the subgraph there. */
  readonly environment: Record<string, string>;
  /** Replaces the models of these endpoints. The others keep theirs. Calls that wait stay with the model that they came under. */
  set(models: Partial<Record<Kind, Model>>): Promise<void>;
  counts(): Promise<Record<Kind, Counts>>;
  reset(): Promise<void>;
  stop(): Promise<void>;
}

export async function startCapacity(): Promise<Capacity> {
  const child = spawn(process.execPath, ['--import', './test/support/leash.js', 'test/support/capacityStandIn.ts'], {
    env: { PATH: process.env.PATH ?? '', CAPACITY_STAND_IN: 'true' },
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  });
  const port = await Promise.race([
    once(child.stdout!, 'data').then(([text]) => Number(text)),
    once(child, 'exit').then(([code]) => Promise.reject(new Error(`The stand-in ended (${code}) before it listened.`))),
  ]);
  const url = `http://127.0.0.1:${port}`;
  const control = async (method: 'GET' | 'PUT' | 'DELETE', models?: object): Promise<Record<Kind, Counts>> => {
    const { body } = await request(`${url}/stand-in`, { method, body: models ? JSON.stringify(models) : null });
    return (await body.json()) as Record<Kind, Counts>;
  };
  return {
    url,
    environment: {
      PMS_BASE_URL: url,
      PMS_TOKEN_URL: `${url}/oauth2/token`,
      PMS_CLIENT_ID: 'capacity',
      PMS_CLIENT_SECRET: 'capacity secret',
      CAS360_BASE_URL: url,
      CAS360_CLIENT_ID: 'capacity',
      CAS360_CLIENT_SECRET: 'capacity secret',
      CAS360_REFRESH_TOKEN: 'capacity-refresh-0',
    },
    set: async (models) => {
      await control('PUT', models);
    },
    counts: () => control('GET'),
    reset: async () => {
      await control('DELETE');
    },
    stop: async () => {
      const exited = once(child, 'exit');
      child.kill();
      await exited;
    },
  };
}
