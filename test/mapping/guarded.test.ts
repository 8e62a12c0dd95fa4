import { describe, expect, test } from '@jest/globals';
import { Cas360Contact } from '../../src/mapping/cas360.js';
import { PmsContact } from '../../src/mapping/pms.js';
import type { MappingTools } from '../../src/mapping/tools.js';
import { TODAY } from './harness.js';

describe.each([
  ['PMS', 'dateOfBirth', (tools: MappingTools, open: () => object) => new PmsContact('4711', { id: 4711 }, tools, open)],
  ['CAS360', 'birthday', (tools: MappingTools, open: () => object) => new Cas360Contact('54', { id: 54 }, false, tools, open)],
])('a contact of %s whose guarded fields come apart from its record', (source, key, contactOf) => {
  test('opens them once, when the first is read, and counts their drift', () => {
    const drifts: string[] = [];
    let opened = 0;
    const tools = { drift: (...of: [string, string]) => void drifts.push(of.join(' ')), today: () => TODAY };
    const contact = contactOf(tools, () => {
      opened++;
      return { [key]: 'yesterday', taxNumber: '1', passportNumber: '1' };
    });
    expect(contact.name).toBeNull();
    expect(opened).toBe(0);
    expect(contact.dateOfBirth).toBeNull();
    expect(contact.identityDocuments).not.toBeNull();
    expect(opened).toBe(1);
    expect(drifts).toEqual([`${source} ${key}`]);
  });
});
