import type { Cas360ContactRow } from '../../sandbox/data/cas360Rows.js';
import type { TestApp } from '../support/testApp.js';

/** Joint members as they seldom are. */
export function putOddOnes(app: TestApp): void {
  const { contacts } = app.sandbox.cas360.data;
  const odd: [number, Partial<Cas360ContactRow>][] = [
    [49_001, { representativeIds: [1_001, 1_002] }],
    // The first representative is one of them, and has no address either.
    [49_002, { representativeIds: [49_001, 1_003] }],
    // Nobody has the first number.
    [49_003, { representativeIds: [66, 1_004] }],
    [49_004, { representativeIds: [49_004, 1_005] }],
    // Nobody has this address.
    [49_005, { representativeIds: [1_006, 1_006], addressId: 66 }],
    [49_006, { representativeIds: [] }],
  ];
  for (const [id, row] of odd) contacts.set(String(id), { ...contacts.get('40001')!, id, addressId: null, ...row });
}
