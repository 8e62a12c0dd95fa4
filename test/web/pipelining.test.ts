import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { beforeEach, describe, expect, jest, test } from '@jest/globals';
import { Connections } from '../../src/web/connections.js';

const AT_ONCE = 8;
const HELD = 100;

let ended: string[];
let connections: Connections;
let socket: Socket;
let begun: number[];
let answers: ServerResponse[];
beforeEach(() => {
  ended = [];
  connections = new Connections((reason) => ended.push(reason));
  socket = new Socket();
  begun = [];
  answers = [];
});

/** So many requests come on the connection. */
const come = (count: number, on = socket): void => {
  for (let n = 0; n < count; n++) {
    const number = answers.push(new ServerResponse(new IncomingMessage(on))) - 1;
    connections.begin(on, answers[number]!, () => begun.push(number));
  }
};
const answer = (...numbers: number[]): void => numbers.forEach((number) => answers[number]!.emit('close'));
const numbers = (count: number): number[] => Array.from({ length: count }, (_, n) => n);
/** Whether the socket is paused, and what it was told of since the last look. */
const told: string[] = [];
const reading = (): unknown[] => [socket.isPaused(), ...told.splice(0)];

describe('Of the requests of one connection', () => {
  test('eight begin, and each that is answered lets the next one begin', () => {
    come(AT_ONCE + 3);
    expect([begun, connections.underWay]).toEqual([numbers(8), 8]);
    answer(3);
    expect([begun, connections.underWay]).toEqual([numbers(9), 8]);
    answer(0, 8, 1);
    expect([begun, connections.underWay]).toEqual([numbers(11), 7]);
    come(1);
    expect([begun, connections.underWay]).toEqual([numbers(12), 8]);
    answer(2, 4, 5, 6, 7, 9, 10, 11);
    expect(connections.underWay).toBe(0);
  });

  test('none is read while others are held', () => {
    for (const event of ['pause', 'resume']) socket.on(event, () => told.push(event));
    come(AT_ONCE);
    expect(reading()).toEqual([false]);
    come(1);
    expect(reading()).toEqual([true, 'pause', 'pause']);
    // Node goes on to read after each request.
    socket.emit('resume');
    expect(reading()).toEqual([true, 'resume', 'pause']);
    const resume = jest.spyOn(socket, 'resume').mockReturnThis();
    come(1);
    told.length = 0;
    answer(0);
    expect([begun.length, resume.mock.calls.length]).toEqual([9, 0]);
    answer(1);
    expect([begun.length, resume.mock.calls.length]).toEqual([10, 1]);
    socket.emit('resume');
    expect(told).toEqual(['resume']);
    answer(2);
    expect(resume).toHaveBeenCalledTimes(1);
  });

  test('a hundred are held, and with one more the connection is ended', () => {
    come(AT_ONCE + HELD);
    expect([socket.destroyed, ended]).toEqual([false, []]);
    come(1);
    expect([socket.destroyed, ended]).toEqual([true, ['pipelined']]);
    come(1);
    expect([begun, ended]).toEqual([numbers(AT_ONCE), ['pipelined']]);
  });

  test('none begins once its caller has left', async () => {
    come(AT_ONCE + 2);
    socket.destroy();
    await new Promise((resolve) => socket.once('close', resolve));
    answer(...numbers(AT_ONCE));
    expect([begun, connections.underWay]).toEqual([numbers(AT_ONCE), 0]);
    come(1);
    expect([begun.length, connections.underWay]).toEqual([AT_ONCE, 0]);
  });

  test('nothing is said of another one', () => {
    const other = new Socket();
    come(AT_ONCE + 1);
    come(1, other);
    expect(begun).toEqual([...numbers(AT_ONCE), AT_ONCE + 1]);
    expect([connections.mayCloseAfterAnswer(socket), connections.mayCloseAfterAnswer(other), connections.mayCloseAfterAnswer(new Socket())]).toEqual([false, true, false]);
  });
});

test.each([
  ['pipelined', 2, [20_000]],
  ['did not pipeline', 1, []],
])('A connection that %s is left open without a request for this long', (_what, count, expected) => {
  const setTimeout = jest.spyOn(socket, 'setTimeout').mockReturnThis();
  for (let times = 1; times <= 2; times++) {
    come(count);
    answer(...numbers(count).slice(1).map((n) => answers.length - 1 - n));
    expect(setTimeout).toHaveBeenCalledTimes((times - 1) * expected.length);
    answer(answers.length - 1);
    expect(setTimeout.mock.calls.map(([ms]) => ms)).toEqual(numbers(times).flatMap(() => expected));
  }
});
