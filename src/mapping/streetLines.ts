/** What an address of the company register says of the lines above the town. Null where it says nothing. */
export interface StreetParts {
  readonly building: string | null;
  readonly unit: string | null;
  readonly level: string | null;
  readonly block: string | null;
  readonly street1: string | null;
  readonly street2: string | null;
}

/** Comparing longer texts could stall the event loop: a search for 200 kB in 800 kB takes 15 seconds. */
const MAX_LENGTH = 500;

const UNIT = ['unit', 'flat', 'apartment', 'apt', 'suite', 'shop'];
const LEVEL = ['level'];
const BLOCK = ['block', 'blk'];

/** `40`, `4A`, `B2`, `12-14`: a number or letters that need a word before them. */
const BARE = /^[a-z]{0,2}\d*(?:-\d+)?[a-z]?$/i;
/** `Suite 40`, `#05-12`: no street has such a name. */
const NUMBERED = /\d[a-z]?$/i;
/** What follows a part that begins a piece of a line: nothing more, a house number, or `Floor` after `Ground`. */
const AFTER_PART = /^(?:,|\d|floor |level )/;
/** `16 Hawthorn Road`, `16A-18 Hawthorn Road`. Not `1st Avenue`, and not `3/16 Hawthorn Road`, which has its unit. */
const HOUSE_NUMBER = /^\d+[a-z]?(?:-\d+[a-z]?)?\s/i;
const BOX = /^ (?:(?:g?po|p o) box|(?:locked|private) bag) /;

/**
 * The lines above the town, as on an envelope: the building, then unit, level and block on the street's line, then the
 * second line. A part that the street lines already name is not repeated, unless a text is too long to compare.
 */
export function streetLines(parts: StreetParts): string[] {
  const [building, unit, level, block] = [parts.building, parts.unit, parts.level, parts.block].map(trimmed) as [string, string, string, string];
  const [street = '', second = ''] = [parts.street1, parts.street2].map(trimmed).filter(isLine);
  const further = [building, unit, level, block].filter(isLine);
  // Most addresses have no further part.
  if (further.length === 0) return [street, second].filter(isLine);
  if ([...further, street, second].some((text) => text.length > MAX_LENGTH)) return [building, joined(unit, level, block, street), second].filter(isLine);
  const written = `${street},${second}`;
  const unnamed = (part: string, names: string[]): string => (isNamed(part, names, written) ? '' : part);
  const newUnit = unnamed(unit, UNIT);
  // `40/16 Hawthorn Road` names its unit, too: `40`, or `Unit 40`.
  const unitText = street.toLowerCase().startsWith(`${newUnit.toLowerCase().replace(/^unit\s+/, '')}/`) ? '' : newUnit;
  const others = [withWord('Level', unnamed(level, LEVEL)), withWord('Block', unnamed(block, BLOCK))];
  const above = words(building) === words(street) ? '' : building;
  return [above, ...streetLine(unitText, others, street), second].filter(isLine);
}

function streetLine(unit: string, others: string[], street: string): string[] {
  if (/\d/.test(unit) && BARE.test(unit) && HOUSE_NUMBER.test(street)) return [joined(...others, `${unit}/${street}`)];
  const parts = joined(withWord('Unit', unit), ...others);
  // A post box has no unit: the two stay apart.
  return BOX.test(words(street)) ? [parts, street] : [joined(parts, street)];
}

/**
 * Whether the street lines name it: `Level 2`, or the part as it stands where that says what it is. The street itself may be
 * called `North` or `Rear`, and a part that is lost is worse than one that is repeated.
 */
function isNamed(part: string, names: string[], written: string): boolean {
  if (BARE.test(part)) return names.some((name) => words(written).includes(` ${name}${words(part)}`));
  if (NUMBERED.test(part)) return words(written).includes(words(part));
  const [, ...after] = `,${pieces(written)},`.split(`,${pieces(part)}`);
  return after.some((rest) => AFTER_PART.test(rest));
}

const withWord = (word: string, part: string): string => (part !== '' && BARE.test(part) ? `${word} ${part}` : part);

const joined = (...parts: string[]): string => parts.filter(isLine).join(', ');

/** The words in lower case, with a blank on either side of each. */
const words = (text: string): string => ` ${text.toLowerCase().replaceAll('.', '').split(/[\s,/]+/).filter(isLine).join(' ')} `;

/** The words between commas, with the commas. */
const pieces = (text: string): string => text.split(',').map(words).join(',');

const trimmed = (text: string | null): string => text?.trim() ?? '';

const isLine = (text: string): boolean => text !== '';
