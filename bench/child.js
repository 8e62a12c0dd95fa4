// Starts and ends the processes of the upstream and the contestants.
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { cpus } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

export const UPSTREAM = [fileURLToPath(new URL('upstream.js', import.meta.url))];

const START_MS = 20_000;
const ANSWER_MS = 20_000;
const STOP_MS = 3_000;

const running = new Set();
process.on('exit', () => running.forEach((child) => child.kill('SIGKILL')));

/** With several cores, the server has the first one to itself; the other processes share the rest. */
const SERVER_CORE = '0';
const OTHER_CORES = `1-${cpus().length - 1}`;
export const isPinned = cpus().length > 1 && canPin();

export function pinLoadGenerator() {
  if (isPinned) execFileSync('taskset', ['-a', '-p', '-c', OTHER_CORES, String(process.pid)], { stdio: 'ignore' });
}

export class Child {
  #process;
  #errors = '';
  #waiting = new Map();
  #asked = 0;

  /** Resolves once the process listens at its `origin`. */
  static async start(name, nodeArguments, { env = {}, isServer = false } = {}) {
    const child = new Child();
    const port = await freePort();
    const command = [...(isPinned ? ['taskset', '-c', isServer ? SERVER_CORE : OTHER_CORES] : []), process.execPath, ...nodeArguments];
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
    this.#process.on('message', ({ number, answer }) => this.#waiting.get(number)?.(answer));
    this.#process.on('exit', () => running.delete(this.#process));
  }

  async #listens(port) {
    for (const end = Date.now() + START_MS; Date.now() < end; await sleep(50)) {
      if (this.#hasEnded()) break;
      if (await accepts(port)) return;
    }
    throw new Error(`${this.name} did not start.\n${this.#errors}`);
  }

  async ask(question, value) {
    const number = ++this.#asked;
    const answered = new Promise((resolve) => this.#waiting.set(number, resolve));
    this.#process.send({ number, question, value });
    const tooLate = sleep(ANSWER_MS, undefined, { ref: false }).then(() => {
      throw new Error(`${this.name} did not answer "${question}".\n${this.#errors}`);
    });
    try {
      return await Promise.race([answered, tooLate]);
    } finally {
      this.#waiting.delete(number);
    }
  }

  #hasEnded() {
    return this.#process.exitCode !== null || this.#process.signalCode !== null;
  }

  async stop() {
    if (this.#hasEnded()) return;
    const exited = once(this.#process, 'exit');
    this.#process.disconnect();
    await Promise.race([exited, sleep(STOP_MS, undefined, { ref: false }).then(() => this.#process.kill('SIGKILL'))]);
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

/** False without `taskset`, or if a container forbids one of the cores. */
function canPin() {
  try {
    for (const list of [SERVER_CORE, OTHER_CORES]) execFileSync('taskset', ['-c', list, process.execPath, '--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
