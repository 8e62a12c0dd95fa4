import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Aborter } from '../src/deadline.js';

describe('An aborter', () => {
  test('tells each listener once, in their order, and those that come or go too late nothing', () => {
    const heard: string[] = [];
    const aborter = new Aborter();
    const gone = (): void => void heard.push('gone');
    aborter.addEventListener('abort', () => heard.push('first'));
    aborter.addEventListener('abort', gone);
    aborter.addEventListener('abort', () => heard.push('second'));
    aborter.removeEventListener('abort', gone);
    const reason = new Error('the end');
    aborter.abort(reason);
    aborter.addEventListener('abort', () => heard.push('late'));
    aborter.abort(new Error('another'));
    expect(heard).toEqual(['first', 'second']);
    expect([aborter.aborted, aborter.reason]).toEqual([true, reason]);
  });

  test('tells every listener, also where one that is told removes itself', () => {
    const heard: number[] = [];
    const aborter = new Aborter();
    for (let n = 0; n < 4; n++) {
      const listener = (): void => {
        aborter.removeEventListener('abort', listener);
        heard.push(n);
      };
      aborter.addEventListener('abort', listener);
    }
    aborter.abort();
    expect(heard).toEqual([0, 1, 2, 3]);
  });

  test('removes no other listener in place of one that it never had', () => {
    const heard: string[] = [];
    const aborter = new Aborter();
    aborter.addEventListener('abort', () => heard.push('first'));
    aborter.addEventListener('abort', () => heard.push('second'));
    aborter.removeEventListener('abort', () => heard.push('never'));
    aborter.abort();
    expect(heard).toEqual(['first', 'second']);
  });

  test('does what an AbortController does', () => {
    const step = fc.record({ does: fc.constantFrom('add', 'remove', 'abort'), listener: fc.nat(3) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 12 }), (steps) => {
        const ours = new Aborter();
        const theirs = new AbortController();
        const heard: [number[], number[]] = [[], []];
        const listeners = heard.map((by) => [0, 1, 2, 3].map((n) => () => void by.push(n)));
        const added = new Set<number>();
        steps.forEach(({ does, listener }, i) => {
          if (does === 'abort') {
            const reason = new Error(String(i));
            ours.abort(reason);
            theirs.abort(reason);
          }
          // An EventTarget knows a listener once; ours are never added twice.
          if (does === 'add' && added.has(listener)) return;
          for (const [which, signal] of [ours, theirs.signal].entries()) {
            if (does === 'add') signal.addEventListener('abort', listeners[which]![listener]!);
            if (does === 'remove') signal.removeEventListener('abort', listeners[which]![listener]!);
          }
          if (does === 'add') added.add(listener);
          if (does === 'remove') added.delete(listener);
        });
        expect([heard[0], ours.aborted, ours.reason]).toEqual([heard[1], theirs.signal.aborted, theirs.signal.reason]);
      }),
    );
  });
});
