import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildSubgraphSchema } from '@apollo/subgraph';
import { parse, type GraphQLSchema } from 'graphql';
import { guardFields } from './access.js';
import { FOUND_TYPES } from './entities.js';
import { AnswerFields } from './limits/answerFields.js';
import { boundFields, boundIds } from './limits/boundFields.js';
import { Contact } from './resolvers/Contact.js';
import { Query } from './resolvers/Query.js';
import { checkSchema } from './schemaCheck.js';

/** The schema's source text, with its files sorted by name. */
export function readTypeDefs(folder: string): string {
  const files = readdirSync(folder).filter((name) => name.endsWith('.graphql')).sort();
  return files.map((name) => readFileSync(join(folder, name), 'utf8')).join('\n');
}

/** The executable schema: resolvers, scope checks on guarded fields, and limits on lists. */
export function createSchema(typeDefs: string): GraphQLSchema {
  const resolvers = { Query, Contact };
  const schema = buildSubgraphSchema([{ typeDefs: parse(typeDefs), resolvers }]);
  checkSchema(schema, resolvers, FOUND_TYPES);
  guardFields(schema);
  boundIds(schema);
  boundFields(schema, new AnswerFields(schema));
  printOnce(schema);
  return schema;
}

/** Keeps what `_service` answers: printing the SDL takes milliseconds, and an operation can ask for it ten times. */
function printOnce(schema: GraphQLSchema): void {
  const field = schema.getQueryType()!.getFields()._service!;
  const { resolve } = field;
  let service: unknown;
  field.resolve = (...given) => (service ??= resolve!(...given));
}
