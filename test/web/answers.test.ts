import { EventEmitter } from 'node:events';
import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Answers } from '../../src/web/answers.js';

class Caller {
  destroyed = false;
  readonly responses: Response[] = [];

  resetAndDestroy(): void {
    this.destroyed = true;
  }

  /** Node tells of the end later. */
  close(): void {
    for (const response of this.responses) response.emit('close');
  }
}

class Response extends EventEmitter {
  constructor(caller: Caller, readonly socket: Caller | null = caller) {
    super();
    caller.responses.push(this);
  }
}

const add = (answers: Answers, caller: Caller, bytes: number, response = new Response(caller)): Response => {
  answers.add(response as unknown as ServerResponse, caller as unknown as Socket, bytes);
  return response;
};

test('An answer that is not read in time ends its connection, and no other', () => {
  let now = 0;
  const ended: string[] = [];
  const answers = new Answers({ maxBytes: 100, timeoutMs: 20, now: () => now, onEnded: (reason) => ended.push(reason) });
  const [slow, later, quick] = [new Caller(), new Caller(), new Caller()];
  add(answers, slow, 10);
  const read = add(answers, quick, 10);
  now = 5;
  add(answers, later, 10);
  read.emit('close');
  now = 19;
  answers.endLate();
  expect([slow.destroyed, later.destroyed, quick.destroyed]).toEqual([false, false, false]);
  now = 20;
  answers.endLate();
  expect([slow.destroyed, later.destroyed, quick.destroyed]).toEqual([true, false, false]);
  expect(answers.bytes).toBe(10);
  slow.close();
  answers.endLate();
  expect([answers.bytes, ended]).toEqual([10, ['unread']]);
});

test('An answer behind another one of its connection has its time from its turn on', () => {
  let now = 0;
  const answers = new Answers({ maxBytes: 100, timeoutMs: 20, now: () => now });
  const caller = new Caller();
  const behind = new Response(caller, null);
  add(answers, caller, 10, behind);
  now = 1_000;
  answers.endLate();
  Object.assign(behind, { socket: caller });
  now = 1_019;
  answers.endLate();
  expect(caller.destroyed).toBe(false);
  now = 1_020;
  answers.endLate();
  expect(caller.destroyed).toBe(true);
});

test('An answer behind one that its caller does not read gets no more time', () => {
  let now = 0;
  const answers = new Answers({ maxBytes: 100, timeoutMs: 20, now: () => now });
  const caller = new Caller();
  const first = add(answers, caller, 10);
  const behind = add(answers, caller, 10, new Response(caller, null));
  now = 15;
  answers.endLate();
  first.emit('close');
  Object.assign(behind, { socket: caller });
  now = 20;
  answers.endLate();
  expect(caller.destroyed).toBe(true);
});

test('A caller who has left, and an answer that another one replaces, leave nothing behind', () => {
  const answers = new Answers({ maxBytes: 100, timeoutMs: 20, now: () => 0 });
  const gone = new Caller();
  gone.destroyed = true;
  add(answers, gone, 10);
  expect(answers.bytes).toBe(0);
  const caller = new Caller();
  const twice = add(answers, caller, 10);
  add(answers, caller, 30, twice);
  expect(answers.bytes).toBe(40);
  twice.emit('close');
  expect(answers.bytes).toBe(0);
});

test('No more bytes wait than may: those who have waited longest are ended, only as many as it takes, and nobody before 5 seconds. One alone may be longer', () => {
  const step = fc.record({ caller: fc.nat(9), bytes: fc.integer({ min: 1, max: 130 }), isRead: fc.boolean(), laterMs: fc.constantFrom(1, 100, 2_000, 5_000) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 100 }), (steps) => {
      let now = 0;
      const ended: string[] = [];
      const answers = new Answers({ maxBytes: 100, timeoutMs: 1e9, now: () => now, onEnded: (reason) => ended.push(reason) });
      const callers = Array.from({ length: 10 }, () => new Caller());
      let waiting: { caller: Caller; bytes: number; response: Response; since: number }[] = [];
      for (const { caller: n, bytes, isRead, laterMs } of steps) {
        now += laterMs;
        const caller = callers[n]!.destroyed ? (callers[n] = new Caller()) : callers[n]!;
        const sum = (): number => waiting.reduce((total, answer) => total + answer.bytes, 0);
        const expected = new Set<Caller>();
        while (sum() + bytes > 100 && waiting.length > 0 && now - waiting[0]!.since >= 5_000) {
          const longest = waiting[0]!.caller;
          expected.add(longest);
          waiting = waiting.filter((answer) => answer.caller !== longest);
        }
        const fits = waiting.length === 0 || sum() + bytes <= 100;
        const response = new Response(caller);
        expect(answers.add(response as unknown as ServerResponse, caller as unknown as Socket, bytes)).toBe(fits);
        if (fits && !caller.destroyed) waiting.push({ caller, bytes, response, since: now });
        expect(ended.splice(0)).toEqual(Array.from(expected, () => 'memory'));
        for (const one of callers) expect(one.destroyed).toBe(expected.has(one));
        if (isRead) {
          response.emit('close');
          waiting = waiting.filter((answer) => answer.response !== response);
        }
        expect(answers.bytes).toBe(sum());
        for (const [at, one] of callers.entries()) {
          if (!one.destroyed) continue;
          one.close();
          callers[at] = new Caller();
        }
        expect(answers.bytes).toBe(sum());
      }
    }),
  );
});

test('Of those that have waited long enough, the one that has waited longest is ended first, whoever was there before', () => {
  let now = 0;
  const answers = new Answers({ maxBytes: 100, timeoutMs: 1e9, now: () => now });
  const [read, longest, later] = [new Caller(), new Caller(), new Caller()];
  const first = add(answers, read, 30);
  for (const caller of [longest, later]) {
    now++;
    add(answers, caller, 30);
  }
  first.emit('close');
  now += 5_000;
  add(answers, new Caller(), 60);
  expect([longest.destroyed, later.destroyed, answers.bytes]).toEqual([true, false, 90]);
});
