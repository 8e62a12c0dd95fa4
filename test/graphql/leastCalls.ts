import type { Cas360Data } from '../../sandbox/data/cas360.js';
import type { ContactWish, Operation } from './drawnNeeds.js';

/** The ids that could go out together, at one depth and with one need. */
export interface Wave {
  readonly relationships: boolean;
  readonly ids: ReadonlySet<string>;
}

/** The least that an operation can ask of the upstreams, if it is alone. */
export interface LeastCalls {
  readonly pms: ReadonlySet<string>;
  readonly contacts: readonly Wave[];
  readonly addresses: readonly Wave[];
}

interface Wanted {
  readonly number: string;
  readonly relationships: boolean;
  /** Undefined where the record is all that is wanted. */
  readonly wish?: ContactWish;
}

const NOTHING: ContactWish = { record: false, relationships: false, address: 'none', representatives: undefined, decoys: false, inFragment: false, backwards: false };

const MAX_IDS = 100;
const MAX_PATH_BYTES = 2_000;

const numberIn = (pattern: RegExp, id: string): string | undefined => pattern.exec(id)?.[1];
const pmsNumber = (id: string) => numberIn(/^pms:([1-9]\d{0,18})$/, id);
const cas360Number = (id: string) => numberIn(/^cas360:([1-9]\d{0,18})$/, id);

const needsCall = ({ record, relationships, address, representatives }: ContactWish) => record || relationships || address !== 'none' || representatives !== undefined;

/** Walks an operation depth by depth over what the sandbox knows, as if it held all of it in its hand. */
export function leastCalls({ roots }: Pick<Operation, 'roots'>, { contacts: rows }: Pick<Cas360Data, 'contacts'>): LeastCalls {
  const pms = new Set<string>();
  let wanted: Wanted[] = [];
  let addresses: string[] = [];

  const want = (id: string, wish: ContactWish): void => {
    if (!needsCall(wish)) return;
    const ofPms = pmsNumber(id);
    const ofCas360 = cas360Number(id);
    if (ofPms) pms.add(ofPms);
    if (ofCas360) wanted.push({ number: ofCas360, relationships: wish.relationships, wish });
  };
  for (const root of roots) {
    if (root.field !== '_entities') {
      for (const id of root.ids) want(id, root.contact);
      continue;
    }
    for (const one of root.representations) {
      if (one.__typename === 'Contact') want(one.id, root.contact);
      const holder = one.__typename === 'SalesAccount' && pmsNumber(one.id) ? pmsNumber(one.contact.id) : undefined;
      const place = one.__typename === 'Address' && root.address === 'record' ? one.id : '';
      const ofPms = holder ?? numberIn(/^pms:([1-9]\d{0,18})\/[1-9]\d{0,18}$/, place);
      const ofCas360 = cas360Number(place);
      if (ofPms) pms.add(ofPms);
      if (ofCas360) addresses.push(ofCas360);
    }
  }

  const contactWaves: Wave[] = [];
  const addressWaves: Wave[] = [];
  const asked = { plain: new Set<string>(), relationships: new Set<string>(), addresses: new Set<string>() };
  while (wanted.length > 0 || addresses.length > 0) {
    const full = new Set(wanted.filter(({ relationships }) => relationships).map(({ number }) => number)).difference(asked.relationships);
    asked.relationships = asked.relationships.union(full);
    const plain = new Set(wanted.map(({ number }) => number)).difference(asked.relationships).difference(asked.plain);
    asked.plain = asked.plain.union(plain);
    const places = new Set(addresses).difference(asked.addresses);
    asked.addresses = asked.addresses.union(places);
    contactWaves.push({ relationships: true, ids: full }, { relationships: false, ids: plain });
    addressWaves.push({ relationships: false, ids: places });

    const above = wanted;
    const here = asked.plain.union(asked.relationships);
    wanted = [];
    addresses = [];
    for (const { number, wish } of above) {
      const row = rows.get(number);
      if (!row || !wish) continue;
      for (const id of row.representativeIds ?? []) if (wish.representatives) want(`cas360:${id}`, wish.representatives);
      if (wish.address === 'none') continue;
      let holder = row;
      for (let left = 20; !holder.addressId && holder.contactType === 'Joint Member' && left > 0; left--) {
        const first = holder.representativeIds?.[0];
        if (first === undefined) break;
        // One that is here already costs no depth.
        if (!here.has(String(first))) {
          wanted.push({ number: String(first), relationships: false, wish: { ...NOTHING, address: wish.address } });
          break;
        }
        const next = rows.get(String(first));
        if (!next) break;
        holder = next;
      }
      if (holder.addressId && wish.address === 'record') addresses.push(String(holder.addressId));
    }
  }
  return { pms, contacts: contactWaves.filter(({ ids }) => ids.size > 0), addresses: addressWaves.filter(({ ids }) => ids.size > 0) };
}

/**
 * How many calls can name the ids of a wave, from the least that could possibly do to the least that does for certain:
 * they differ only where long ids and short ones meet.
 */
export function callsFor({ ids }: Wave, path: string): { readonly least: number; readonly most: number } {
  const room = MAX_PATH_BYTES - path.length + 1;
  const lengths = [...ids].map((id) => id.length + 1);
  const least = Math.max(Math.ceil(ids.size / MAX_IDS), Math.ceil(lengths.reduce((sum, length) => sum + length, 0) / room));
  return { least, most: Math.ceil(ids.size / Math.min(MAX_IDS, Math.floor(room / Math.max(...lengths)))) };
}
