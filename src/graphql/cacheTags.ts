const ENTITIES: Readonly<Record<string, string>> = { Contact: 'contact', Address: 'address', SalesAccount: 'sales-account' };

/**
 * The tag by which a router may forget an entity. `id` is its id, or what stands for it in the schema's second profile.
 * Undefined for a type that is no entity of ours.
 */
export function entityTag(typeName: string, id: string): string | undefined {
  return Object.hasOwn(ENTITIES, typeName) ? `${ENTITIES[typeName]}-${id}` : undefined;
}

/** The tag of a root field. The ids of `contacts` are a list, which no tag may hold. */
export function queryTag(fieldName: string, id: string): string | undefined {
  if (fieldName === 'contact') return entityTag('Contact', id);
  return fieldName === 'contacts' ? 'contacts' : undefined;
}
