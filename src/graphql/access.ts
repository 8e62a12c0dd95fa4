import { defaultFieldResolver, isObjectType, type GraphQLSchema } from 'graphql';
import { ContactsError } from '../errors.js';
import { ACCESS_POLICY, type Access, type Scope } from './accessPolicy.js';
import type { Context } from './context.js';

const POLICY: Readonly<Record<string, Readonly<Record<string, Access>>>> = ACCESS_POLICY;

/** The scope that a field needs, or null if everyone may read it. */
export function scopeOf(typeName: string, fieldName: string): Scope | null {
  const access = POLICY[typeName]?.[fieldName];
  return access === undefined || access === 'everyone' ? null : access;
}

/** Whether these scopes allow reading a field. */
export function mayRead(scopes: ReadonlySet<string>, typeName: string, fieldName: string): boolean {
  const scope = scopeOf(typeName, fieldName);
  return scope === null || scopes.has(scope);
}

/**
 * Adds the scope check to the resolver of every guarded field. Without the scope, the field is null for every item of a list,
 * and only the first item has the error.
 */
export function guardFields(schema: GraphQLSchema): void {
  for (const type of Object.values(schema.getTypeMap())) {
    if (!isObjectType(type)) continue;
    for (const field of Object.values(type.getFields())) {
      const scope = scopeOf(type.name, field.name);
      if (scope === null) continue;
      const resolve = field.resolve ?? defaultFieldResolver;
      const forbidden = new ContactsError('FORBIDDEN', undefined, { coordinate: `${type.name}.${field.name}`, scope });
      field.resolve = (parent, args, context: Context, info) =>
        context.scopes.has(scope) ? resolve(parent, args, context, info) : context.answer.errorOnce(forbidden, info);
    }
  }
}
