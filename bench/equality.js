import { isDeepStrictEqual } from 'node:util';
import { request } from 'undici';
import { bodiesOf } from './bodies.js';

/** The numbers of the compared requests of one caller. */
const COMPARED = [0, 1, 2];

/** Throws unless all servers give the same data without errors, so that none wins by doing less. */
export async function compareAnswers(each, servers) {
  const bodies = bodiesOf(each, 0);
  for (const number of COMPARED) {
    const [first, ...others] = await Promise.all(servers.map((server) => answerOf(server, bodies(number))));
    for (const { name, data } of others) {
      if (!isDeepStrictEqual(data, first.data)) {
        throw new Error(`"${each.title}": ${name} answers otherwise than ${first.name}.\n${difference(first.data, data)}`);
      }
    }
  }
}

async function answerOf({ name, origin }, body) {
  const reply = await request(`${origin}/graphql`, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
  const text = await reply.body.text();
  const { data, errors } = reply.statusCode === 200 ? JSON.parse(text) : { errors: text };
  const items = Object.values(data ?? { nothing: null }).flat();
  if (errors || items.includes(null)) throw new Error(`${name} did not answer all of ${body.slice(0, 300)}\n${text.slice(0, 600)}`);
  return { name, data };
}

/** The path of the first difference. */
function difference(one, other, path = 'data') {
  const areObjects = [one, other].every((value) => typeof value === 'object' && value !== null);
  if (!areObjects) return `${path}: ${JSON.stringify(one)} and ${JSON.stringify(other)}`;
  const keys = new Set([...Object.keys(one), ...Object.keys(other)]);
  const key = [...keys].find((each) => !isDeepStrictEqual(one[each], other[each]));
  return difference(one[key], other[key], `${path}.${key}`);
}
