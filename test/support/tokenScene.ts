import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from '@jest/globals';
import { CLIENT, RotatingServer } from './rotatingServer.js';
import { startSubgraph, type Subgraph } from './subgraph.js';
import type { Pair } from './certificates.js';

/** What a caller got for one company: its name, or the code of the error. */
export interface Reply {
  readonly got: string;
  readonly extensions: Record<string, unknown>;
}

export const SERVED = 'Company 54';

/** One process of the service, as a caller and an operator see it. */
export interface Service extends Subgraph {
  ask(): Promise<Reply>;
  metric(name: string): Promise<number>;
  ready(): Promise<Record<string, unknown>>;
  signal(signal: NodeJS.Signals): void;
}

/** A company register of its own, a folder for the file, and processes of the built service. */
export class TokenScene {
  readonly folder: string;
  readonly file: string;
  readonly cas360: RotatingServer;
  /** What the environment says: the operator's token. */
  token: string;
  readonly #services: Service[] = [];
  readonly #said: string[] = [];

  private constructor(folder: string, cas360: RotatingServer) {
    this.folder = folder;
    this.file = join(folder, 'token.json');
    this.cas360 = cas360;
    this.token = cas360.issue();
  }

  /** Runs `act`. Expects that no used token was sent, and that nothing secret was printed or answered. Ends all processes. */
  static async play(act: (scene: TokenScene) => Promise<void>, pair?: Pair): Promise<void> {
    const root = await mkdtemp(join(tmpdir(), 'contacts-token-'));
    const cas360 = await RotatingServer.start(pair);
    const scene = new TokenScene(join(root, 'folder'), cas360);
    await mkdir(scene.folder);
    try {
      await act(scene);
      expect(cas360.spentUses).toBe(0);
    } finally {
      await scene.killAll();
      await cas360.stop().catch(() => {});
      await rm(root, { recursive: true, force: true });
    }
    scene.#expectNoSecrets();
  }

  /** Starts a process of the service with the file, or with these settings instead. */
  async start(settings: Record<string, string> = {}): Promise<Service> {
    const subgraph = await startSubgraph({
      CAS360_BASE_URL: this.cas360.url,
      CAS360_CLIENT_ID: CLIENT.id,
      CAS360_CLIENT_SECRET: CLIENT.secret,
      CAS360_REFRESH_TOKEN: this.token,
      CAS360_SCOPE: 'contacts',
      ...(settings.REDIS_URL === undefined && { CAS360_TOKEN_FILE: this.file }),
      ...settings,
    });
    const get = async (path: string): Promise<string> => {
      const text = await (await fetch(subgraph.url + path)).text();
      this.#said.push(text);
      return text;
    };
    const service: Service = {
      ...subgraph,
      ask: async () => {
        const answer = await fetch(`${subgraph.url}/graphql`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"query":"{ contact(id: \\"cas360:54\\") { name } }"}' });
        const text = await answer.text();
        this.#said.push(text);
        return replyIn(text);
      },
      metric: async (name) => Number(new RegExp(`^${name}(?:{[^}]*})? (\\S+)$`, 'm').exec(await get('/metrics'))?.[1]),
      ready: async () => JSON.parse(await get('/health/ready')) as Record<string, unknown>,
      signal: (signal) => void process.kill(subgraph.pid, signal),
    };
    this.#services.push(service);
    return service;
  }

  /** Starts a process that must send the refresh token that the file holds, because the file holds no access token any more. */
  async startAnew(): Promise<Service> {
    const { grant: _, ...kept } = await this.kept();
    await this.put(kept);
    return this.start();
  }

  async killAll(): Promise<void> {
    for (const service of this.#services) await service.end('SIGKILL');
  }

  /** What the file holds. */
  async kept(): Promise<Record<string, unknown>> {
    return JSON.parse(await readFile(this.file, 'utf8')) as Record<string, unknown>;
  }

  async put(content: unknown): Promise<void> {
    await writeFile(this.file, typeof content === 'string' ? content : JSON.stringify(content));
  }

  #expectNoSecrets(): void {
    const said = [...this.#said, ...this.#services.map(({ output }) => output.text)].join('\n');
    const told = [...this.cas360.secrets].flatMap(spellings).filter((spelling) => said.includes(spelling));
    expect(told).toEqual([]);
  }
}

function replyIn(text: string): Reply {
  const { data, errors } = JSON.parse(text) as { data?: { contact: { name: string } | null }; errors?: { extensions: Record<string, unknown> }[] };
  const extensions = errors?.[0]?.extensions ?? {};
  return { got: data?.contact?.name ?? String(extensions.code), extensions };
}

/** As it is, in a URL, in a form, in JSON, and in base64 at each place of three bytes. */
function spellings(secret: string): string[] {
  const base64 = [0, 1, 2].map((offset) => Buffer.from(' '.repeat(offset) + secret).toString('base64').slice(4, -4));
  return [secret, encodeURIComponent(secret), String(new URLSearchParams({ secret })).slice(7), JSON.stringify(secret).slice(1, -1), ...base64];
}
