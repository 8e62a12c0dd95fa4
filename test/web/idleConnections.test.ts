import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { describe, expect, test } from '@jest/globals';
import { Connections } from '../../src/web/connections.js';

describe('While more than 1,000 connections are idle', () => {
  /** Connections that have had their one answer. */
  const idle = (connections: Connections, count: number): Socket[] =>
    Array.from({ length: count }, () => {
      const socket = new Socket();
      const response = new ServerResponse(new IncomingMessage(socket));
      connections.begin(socket, response, () => {});
      response.emit('close');
      return socket;
    });
  const openIn = (some: readonly Socket[]): number => some.filter(({ destroyed }) => !destroyed).length;

  test('those that were idle for 20 seconds are ended, also the last of them', () => {
    let nowMs = 0;
    const ended: string[] = [];
    const connections = new Connections((reason) => ended.push(reason), () => nowMs);
    const first = idle(connections, 900);
    nowMs = 10_000;
    const later = idle(connections, 101);
    nowMs = 19_999;
    connections.endIdle();
    expect([openIn(first), openIn(later)]).toEqual([900, 101]);
    nowMs = 20_000;
    connections.endIdle();
    expect([openIn(first), openIn(later)]).toEqual([0, 101]);
    nowMs = 30_000;
    connections.endIdle();
    expect([openIn(first), openIn(later)]).toEqual([0, 0]);
    expect(ended).toEqual(Array.from({ length: 1_001 }, () => 'idle'));
  });

  test('one that asks again is not, and with fewer nobody is', () => {
    let nowMs = 0;
    const connections = new Connections(undefined, () => nowMs);
    const few = idle(connections, 1_000);
    nowMs = 60_000;
    connections.endIdle();
    expect(openIn(few)).toBe(1_000);
    const [asking] = few;
    connections.begin(asking!, new ServerResponse(new IncomingMessage(asking!)), () => {});
    idle(connections, 2);
    connections.endIdle();
    expect(openIn(few)).toBe(1);
    expect(asking!.destroyed).toBe(false);
  });
});
