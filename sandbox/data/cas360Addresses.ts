import type { Cas360AddressRow } from './cas360Rows.js';
import type { Random } from './random.js';
import { firmNames, streets } from './words.js';

const firstId = 7001;

const australian = [
  ['MELBOURNE', 'VIC', '3000'],
  ['Lynbrook', 'VIC', '3975'],
  ['SYDNEY', 'NSW', '2000'],
  ['Fremantle', 'WA', '6160'],
  ['BRISBANE', 'QLD', '4000'],
  ['Hobart', 'TAS', '7000'],
  ['GLENELG', 'SA', '5045'],
  ['Darwin City', 'NT', '0800'],
  ['BRADDON', 'ACT', '2612'],
] as const;

const foreign = [
  ['Wellington', '6011', 'NEW ZEALAND'],
  ['Galway', 'H91 XY00', 'IE'],
  ['Leeds', 'LS1 1AA', 'United Kingdom'],
] as const;

/** The register's addresses. */
export class Cas360Addresses {
  readonly rows = new Map<string, Cas360AddressRow>();

  constructor(private readonly random: Random) {}

  /** Adds an address and returns its id. One in eight is in Singapore, one in twenty elsewhere abroad. */
  open(): number {
    const id = firstId + this.rows.size;
    const kind = this.random.next();
    this.put(kind < 0.125 ? this.#singaporean(id) : kind < 0.175 ? this.#abroad(id) : this.#australian(id));
    return id;
  }

  put(row: Cas360AddressRow): void {
    this.rows.set(String(row.id), row);
  }

  #street(): string {
    return `${this.random.between(1, 240)} ${this.random.pick(streets)}`;
  }

  #australian(id: number): Cas360AddressRow {
    const [suburb, state, postcode] = this.random.pick(australian);
    const unit = this.random.chance(0.3) ? `Unit ${this.random.between(1, 30)}` : undefined;
    return {
      id,
      streetLine1: unit ?? this.#street(),
      streetLine2: unit === undefined ? this.random.pick(['', null]) : this.#street(),
      suburb,
      state,
      postcode,
      country: this.random.pick(['AUSTRALIA', 'AUSTRALIA', 'Australia', 'AU']),
      ...(this.random.chance(0.05) && { careOf: `${this.random.pick(firmNames)} Accountants` }),
    };
  }

  #singaporean(id: number): Cas360AddressRow {
    return {
      id,
      streetLine1: this.#street(),
      streetLine2: '',
      suburb: null,
      state: this.random.pick(['', null, 'Foreign']),
      postcode: `0${this.random.digits(5)}`,
      country: this.random.pick(['SINGAPORE', 'SG']),
      careOf: null,
      unitFlat: this.random.pick([String(this.random.between(1, 40)), '']),
      levelFloor: String(this.random.between(1, 30)),
      block: this.random.pick([`${this.random.between(1, 900)}A`, null]),
      buildingEstate: this.random.pick([`${this.random.pick(firmNames)} Towers`, null]),
    };
  }

  #abroad(id: number): Cas360AddressRow {
    const [suburb, postcode, country] = this.random.pick(foreign);
    return { id, streetLine1: this.#street(), streetLine2: null, suburb, state: 'Foreign', postcode, country };
  }
}
