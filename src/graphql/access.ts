import { defaultFieldResolver, isObjectType, type GraphQLSchema } from 'graphql';
import { ContactsError } from '../errors.js';
import { ACCESS_POLICY, type Access, type Scope } from './accessPolicy.js';
import type { Context } from './context.js';

const POLICY: Readonly<Record<string, Readonly<Record<string, Access>>>> = ACCESS_POLICY;

/** One for all: it says nothing of who asked for what, and a stack for each field of each contact is dear. */
const FORBIDDEN = new ContactsError('FORBIDDEN', undefined, { coordinate: 'The field', scope: 'named in the schema' });

/** The scope that a field needs, or null where everyone may see it. */
export function scopeOf(typeName: string, fieldName: string): Scope | null {
  const access = POLICY[typeName]?.[fieldName];
  return access === undefined || access === 'everyone' ? null : access;
}

/** Whether these scopes open a field. */
export function mayRead(scopes: ReadonlySet<string>, typeName: string, fieldName: string): boolean {
  const scope = scopeOf(typeName, fieldName);
  return scope === null || scopes.has(scope);
}

/** Puts the check before every guarded field of the schema, however the field is reached. */
export function guardFields(schema: GraphQLSchema): void {
  for (const type of Object.values(schema.getTypeMap())) {
    if (!isObjectType(type)) continue;
    for (const field of Object.values(type.getFields())) {
      const scope = scopeOf(type.name, field.name);
      if (scope === null) continue;
      const resolve = field.resolve ?? defaultFieldResolver;
      field.resolve = (parent, args, context: Context, info) => (context.scopes.has(scope) ? resolve(parent, args, context, info) : FORBIDDEN);
    }
  }
}
