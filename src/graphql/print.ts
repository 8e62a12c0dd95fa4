import { fileURLToPath } from 'node:url';
import { parse, print } from 'graphql';
import { readTypeDefs } from './schema.js';

const folder = fileURLToPath(new URL('../../schema', import.meta.url));
process.stdout.write(`${print(parse(readTypeDefs(folder)))}\n`);
