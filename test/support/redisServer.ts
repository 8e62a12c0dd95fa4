import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { setPriority, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient, type RedisClientType } from '@redis/client';
import { debianProgram } from './debianProgram.js';
import { freePort } from './freePort.js';

/** A real Redis of the test's own, which keeps nothing when it ends unless told to. */
export class RedisServer {
  readonly url: string;
  readonly #folder: string;
  readonly #keepsAll: boolean;
  /** Never connected: `createClient` builds all commands anew for each, its duplicates share them. */
  readonly #operator: RedisClientType;
  #process!: ChildProcess;

  private constructor(port: number, folder: string, keepsAll: boolean) {
    this.url = `redis://127.0.0.1:${port}`;
    this.#folder = folder;
    this.#operator = createClient({ url: this.url });
    this.#keepsAll = keepsAll;
  }

  static async start({ keepsAll = false } = {}): Promise<RedisServer> {
    const folder = await mkdtemp(join(tmpdir(), 'contacts-redis-'));
    for (let tries = 1; ; tries++) {
      const server = new RedisServer(await freePort(), folder, keepsAll);
      try {
        await server.begin();
        return server;
      } catch (error) {
        // Another program may have taken the port meanwhile.
        if (tries === 3) throw error;
      }
    }
  }

  /** Starts it again after `end`. */
  async begin(): Promise<void> {
    const { port } = new URL(this.url);
    const options = { port, bind: '127.0.0.1', dir: this.#folder, save: '', appendonly: this.#keepsAll ? 'yes' : 'no', appendfsync: 'no' };
    const words = Object.entries(options).flatMap(([name, value]) => [`--${name}`, value]);
    const child = spawn(debianProgram('redis-server'), words, { stdio: ['ignore', 'pipe', 'inherit'] });
    this.#process = child;
    hasten(child);
    await new Promise<void>((resolve, reject) => {
      child.stdout.on('data', (text) => String(text).includes('Ready to accept connections') && resolve());
      child.on('close', () => reject(new Error('redis-server ended before it was ready')));
    });
  }

  /** As a crash would. */
  async end(): Promise<void> {
    const closed = new Promise((resolve) => this.#process.once('close', resolve));
    this.#process.kill('SIGKILL');
    await closed;
  }

  /** Connections stay open, and nothing is answered. */
  freeze(): void {
    this.#process.kill('SIGSTOP');
  }

  thaw(): void {
    this.#process.kill('SIGCONT');
  }

  /** Asks it something as an operator would. */
  async ask<T>(command: (client: RedisClientType) => Promise<T>): Promise<T> {
    const client: RedisClientType = this.#operator.duplicate();
    await client.connect();
    try {
      return await command(client);
    } finally {
      client.destroy();
    }
  }

  async stop(): Promise<void> {
    if (this.#process.exitCode === null && this.#process.signalCode === null) await this.end();
    await rm(this.#folder, { recursive: true });
  }
}

/** It must answer within 250 ms, also where other tests take all processors. Only root may do this. */
function hasten({ pid }: ChildProcess): void {
  if (process.getuid?.() === 0) setPriority(pid!, -15);
}
