import { getNamedType, isEnumType, isObjectType, isScalarType, isSpecifiedScalarType } from 'graphql';

const INTRODUCTION = `# Schema reference

Each type and field: what it means, and which system it comes from. \`npm run schema:update\` writes this page from \`schema/\`,
[mapping.md](mapping.md) and the access policy, and \`npm run check\` compares it with them. [querying.md](querying.md) has
examples. Code generators can read \`published/contacts.api.graphql\`.

The last column names each system that has the field, with its keys. Where it names a system alone, there are more keys, or
only the parts have keys: [mapping.md](mapping.md) lists them. A field is null for contacts of a system that the column leaves
out. A field that needs a scope is null without it ([access.md](access.md)).
`;

/** Headings of docs/mapping.md, with the system whose keys are in the first column below them. */
const SYSTEMS = { PMS: 'PMS', Contacts: 'CAS 360', Addresses: 'CAS 360' };
/** Fields such as those of a country are read from many keys: mapping.md has them. */
const MAX_KEYS = 3;

/** The text of docs/schema.md. */
export function schemaReference(schema, mapping, policy) {
  const types = Object.values(schema.getTypeMap()).filter(({ name }) => !name.startsWith('__'));
  const objects = types.filter(isObjectType);
  const [roots, others] = [objects.filter(isRoot), objects.filter((type) => !isRoot(type))];
  const origins = originsOf(schema, mapping);
  const sections = [
    ...[...roots.toReversed(), ...others].map((type) => objectSection(type, origins, policy)),
    ...types.filter(isEnumType).map(enumSection),
    ...types.filter((type) => isScalarType(type) && !isSpecifiedScalarType(type)).map(heading),
  ];
  return [INTRODUCTION, ...sections].join('\n');
}

function isRoot({ name }) {
  return name === 'Query' || name === 'Contact';
}

function objectSection(type, origins, policy) {
  const rows = Object.values(type.getFields()).map((field) => {
    const scope = policy[type.name]?.[field.name];
    const needs = scope && scope !== 'everyone' && !field.description.includes(scope) ? ` Needs the scope \`${scope}\`.` : '';
    const old = field.deprecationReason ? ` **Deprecated:** ${oneLine(field.deprecationReason)}` : '';
    const args = field.args.map((arg) => ` \`${arg.name}\` (\`${arg.type}\`): ${oneLine(arg.description)}`).join('');
    return `| \`${field.name}\` | \`${field.type}\` | ${oneLine(field.description)}${needs}${args}${old} | ${originText(origins.get(`${type.name}.${field.name}`))} |`;
  });
  return [heading(type), ...entityLines(type), '| field | type | what it is | comes from |', '| --- | --- | --- | --- |', ...rows, ''].join('\n');
}

/** Says by which fields other subgraphs refer to an entity. */
function entityLines({ astNode }) {
  const keys = astNode.directives.filter(({ name }) => name.value === 'key').map((key) => key.arguments.find(({ name }) => name.value === 'fields').value.value);
  return keys.length === 0 ? [] : [`An entity. Other subgraphs refer to it by ${keys.map((key) => `\`${key}\``).join(', or by ')}.\n`];
}

function enumSection(type) {
  const rows = type.getValues().map(({ name, description }) => `| \`${name}\` | ${oneLine(description)} |`);
  return [heading(type), '| value | what it means |', '| --- | --- |', ...rows, ''].join('\n');
}

function heading({ name, description }) {
  return `## ${name}\n\n${oneLine(description)}\n`;
}

function oneLine(text) {
  return text.replace(/\s+/g, ' ').trim();
}

function originText(origin) {
  if (origin === undefined) return '';
  const texts = Object.entries(origin.keys).map(([system, keys]) => (keys.size === 0 || keys.size > MAX_KEYS ? system : `${system}: ${[...keys].map((key) => `\`${key}\``).join(', ')}`));
  return [...texts, ...origin.derived].join('; ');
}

/** By `Contact.name`: the keys that docs/mapping.md sends there, for each system, and its text where there is no key. */
function originsOf(schema, mapping) {
  const origins = new Map();
  const originOf = (coordinate) => {
    if (!origins.has(coordinate)) origins.set(coordinate, { keys: {}, derived: [] });
    return origins.get(coordinate);
  };
  for (const section of mapping.split(/^#+ /m)) {
    const system = SYSTEMS[section.slice(0, section.indexOf('\n'))];
    for (const [, key, text] of section.matchAll(/^\| `([^`]+)` \| (.+) \|$/gm)) {
      if (system === undefined) originOf(coordinatesOf(schema, key).at(-1)).derived.push(text);
      for (const path of system === undefined ? [] : pathsIn(text)) {
        const coordinates = coordinatesOf(schema, path);
        for (const coordinate of coordinates) originOf(coordinate).keys[system] ??= new Set();
        originOf(coordinates.at(-1)).keys[system].add(key);
      }
    }
  }
  return origins;
}

/** The paths in a cell: `Contact.name`, or several as in `Contact.phoneNumbers { number kind }`. */
function pathsIn(text) {
  if (text.startsWith('not served')) return [];
  return [...text.matchAll(/`(Contact(?:\.\w+)+)(?: \{ ([\w ]+) \})?`/g)].flatMap(([, path, parts]) =>
    parts === undefined ? [path] : parts.split(' ').map((part) => `${path}.${part}`),
  );
}

/** `Contact.address.city` is `Contact.address` and `Address.city`. Ends where a path comes to another contact. */
function coordinatesOf(schema, path) {
  const [root, ...fields] = path.split('.');
  const coordinates = [];
  let type = schema.getType(root);
  for (const name of fields) {
    coordinates.push(`${type.name}.${name}`);
    type = getNamedType(type.getFields()[name].type);
    if (type.name === root) break;
  }
  return coordinates;
}
