import { readdirSync, readlinkSync } from 'node:fs';
import { relative } from 'node:path';
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import vm from 'node:vm';
import { TestEnvironment } from 'jest-environment-node';
import { helm, promtool } from '../deploy/support/tools.ts';
import { debianProgram } from './debianProgram.ts';

/** What a test file can need beside Node: `@needs nginx` in the comment at its top. Each installs the program where it may. */
const PROGRAMS = {
  'redis-server': () => debianProgram('redis-server'),
  nginx: () => debianProgram('nginx'),
  spin: () => debianProgram('spin'),
  gcc: () => debianProgram('gcc'),
  openssl: () => debianProgram('openssl'),
  chromium: () => process.env.CHROMIUM ?? debianProgram('chromium'),
  helm,
  promtool,
};

// A worker that has nothing left to do ends at once. Otherwise it first frees its gigabyte of memory. Jest waits half a second for
// that, then prints a warning about leaks.
if (process.send) process.once('beforeExit', () => process.exit());

/** How long what is closing may take to close. A client of the test's keeps a connection for four seconds. */
const CLOSING_MS = 15_000;

/**
 * Skips a test file that needs a program which is missing and cannot be installed without asking. Fails one that leaves
 * something behind: listeners of the process, timers, sockets, servers, child processes. `@leaves listener` in the comment at
 * its top allows what a library never takes back.
 */
export default class ProjectEnvironment extends TestEnvironment {
  #path;
  #needs;
  #leaves;
  #missing;
  #before;
  /** A file that cannot be loaded leaves only what is Jest's. */
  #isLoaded = false;
  #hasFailed = false;

  constructor(config, context) {
    // Jest's own context looks each global up through a proxy, `Math` and `String` too: a quarter of the fast lane's time.
    const { createContext } = vm;
    vm.createContext = () => createContext(vm.constants.DONT_CONTEXTIFY);
    super(config, context);
    vm.createContext = createContext;
    this.#path = context.testPath;
    this.#needs = [context.docblockPragmas.needs ?? []].flat();
    this.#leaves = [context.docblockPragmas.leaves ?? []].flat();
  }

  async setup() {
    await super.setup();
    try {
      for (const name of this.#needs) PROGRAMS[name]();
    } catch (error) {
      // There it can be installed: a run that must be complete would be silently incomplete.
      if (process.platform === 'linux' && process.getuid() === 0) throw error;
      this.#missing = error.message;
    }
    this.#before = this.#held();
  }

  handleTestEvent({ name }, { rootDescribeBlock }) {
    if (name === 'test_fn_failure' || name === 'hook_failure') {
      this.#hasFailed = true;
      // Mutation testing needs one failure, and a change can make each test of a file wait until its time is up.
      if (process.env.__STRYKER_ACTIVE_MUTANT__) skip(rootDescribeBlock);
    }
    if (name !== 'run_start') return;
    this.#isLoaded = true;
    if (!this.#missing) return;
    process.stderr.write(`Skipped: ${relative(process.cwd(), this.#path)}. ${this.#missing}\n`);
    skip(rootDescribeBlock);
  }

  async teardown() {
    const left = this.#isLoaded ? await this.#left() : [];
    await super.teardown();
    // A test that fails often leaves something. Jest would report only that, and not the failure.
    if (left.length > 0 && !this.#hasFailed) throw new Error(`Left behind by ${relative(process.cwd(), this.#path)}: ${left.join(', ')}.`);
  }

  /** What there is more of than before, once it has had the time to close. */
  async #left() {
    for (const endsAtMs = performance.now() + CLOSING_MS; ; await sleep(10)) {
      const left = [...this.#held()].map(([what, count]) => [what, count - (this.#before.get(what) ?? 0)]).filter(([what, more]) => more > 0 && !this.#leaves.some((allowed) => what.startsWith(allowed)));
      if (left.length === 0 || performance.now() > endsAtMs) return left.map(([what, more]) => `${more} × ${what}`);
    }
  }

  #held() {
    const held = new Map();
    const count = (what, times = 1) => held.set(what, (held.get(what) ?? 0) + times);
    // A pipe is the worker's own, or comes with a child process, which counts itself.
    for (const type of process.getActiveResourcesInfo()) if (type !== 'PipeWrap') count(type);
    // A test has a process object of its own.
    for (const one of [process, this.global.process]) for (const name of one.eventNames()) count(`listener of ${String(name)}`, one.listenerCount(name));
    for (const socket of sockets()) count(socket);
    return held;
  }
}

function skip(block) {
  block.mode = 'skip';
  // A test has no children.
  for (const child of block.children ?? []) skip(child);
}

/** Those of this process, also where nothing refers to them. Only Linux tells. */
function sockets() {
  if (process.platform !== 'linux') return [];
  return readdirSync('/proc/self/fd').flatMap((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`).startsWith('socket:') ? ['socket'] : [];
    } catch {
      // The one that reads the folder.
      return [];
    }
  });
}
