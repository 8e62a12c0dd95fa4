// Starts and ends the processes of the upstream and the contestants.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { onCore } from './cores.js';

export const UPSTREAM = [fileURLToPath(new URL('upstream.js', import.meta.url))];

const START_MS = 20_000;
const ANSWER_MS = 20_000;
const STOP_MS = 3_000;

const running = new Set();
process.on('exit', () => running.forEach((child) => child.kill('SIGKILL')));

export class Child {
  #process;
  #errors = '';
  #waiting = new Map();
  #asked = 0;

  /** Resolves once the process listens at its `origin`. `group`: the control group that it runs in. */
  static async start(name, nodeArguments, { env = {}, isServer = false, group } = {}) {
    const child = new Child();
    const port = await freePort();
    const joins = group ? ['sh', '-c', 'echo $$ > "$0" && exec "$@"', `${group}/cgroup.procs`] : [];
    const command = [...joins, ...onCore(isServer), process.execPath, ...nodeArguments];
    child.name = name;
    child.origin = `http://127.0.0.1:${port}`;
    child.#process = spawn(command[0], command.slice(1), {
      env: { PATH: process.env.PATH, NODE_ENV: 'production', HOST: '127.0.0.1', PORT: String(port), ...env },
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    running.add(child.#process);
    child.#listen();
    await child.#listens(port);
    return child;
  }

  #listen() {
    this.#process.stderr.on('data', (text) => (this.#errors = (this.#errors + text).slice(-4_000)));
    this.#process.on('message', ({ number, answer }) => this.#waiting.get(number)?.resolve(answer));
    this.#process.on('exit', () => {
      running.delete(this.#process);
      for (const { reject } of this.#waiting.values()) reject(new Error(`${this.name} ended (${this.ending}).\n${this.#errors}`));
    });
  }

  async #listens(port) {
    for (const end = Date.now() + START_MS; Date.now() < end; await sleep(50)) {
      if (this.ending !== null) break;
      if (await accepts(port)) return;
    }
    throw new Error(`${this.name} did not start.\n${this.#errors}`);
  }

  async ask(question, value) {
    const number = ++this.#asked;
    const answered = new Promise((resolve, reject) => {
      this.#waiting.set(number, { resolve, reject });
      this.#process.send({ number, question, value }, (error) => error && reject(error));
    });
    const tooLate = sleep(ANSWER_MS, undefined, { ref: false }).then(() => {
      throw new Error(`${this.name} did not answer "${question}".\n${this.#errors}`);
    });
    try {
      return await Promise.race([answered, tooLate]);
    } finally {
      this.#waiting.delete(number);
    }
  }

  /** How the process ended; null while it runs. */
  get ending() {
    return this.#process.signalCode ?? this.#process.exitCode;
  }

  async stop() {
    if (this.ending !== null) return;
    const exited = once(this.#process, 'exit');
    this.#process.disconnect();
    await Promise.race([exited, sleep(STOP_MS, undefined, { ref: false })]);
    if (this.ending === null) this.#process.kill('SIGKILL');
    await exited;
  }
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

function accepts(port) {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.on('connect', () => socket.destroy() && resolve(true)).on('error', () => resolve(false));
  });
}
