const ENTITIES: Readonly<Record<string, string>> = { Contact: 'contact', Address: 'address', SalesAccount: 'sales-account' };

/**
 * The tag by which a router can invalidate an entity. `id` is its id, or the placeholder for it in the profile `router-auth`.
 * Undefined for other types.
 */
export function entityTag(typeName: string, id: string): string | undefined {
  return Object.hasOwn(ENTITIES, typeName) ? `${ENTITIES[typeName]}-${id}` : undefined;
}

/** The tag of a root field. A tag cannot hold a list, so `contacts` has the same tag for all ids. */
export function queryTag(fieldName: string, id: string): string | undefined {
  if (fieldName === 'contact') return entityTag('Contact', id);
  return fieldName === 'contacts' ? 'contacts' : undefined;
}
