import { getNamedType, isCompositeType, isObjectType, type GraphQLSchema } from 'graphql';

/**
 * Changes a schema for graphql-jit, which catches what a resolver throws, and nothing that its own code throws later: a
 * fault in a getter of a model, read once the promise of its list is fulfilled, would leave the operation without an end.
 * Here such a fault is told as if the promise had been rejected. Returns the schema.
 */
export function catchFaults(schema: GraphQLSchema): GraphQLSchema {
  for (const type of Object.values(schema.getTypeMap())) {
    if (!isObjectType(type)) continue;
    for (const field of Object.values(type.getFields())) {
      const { resolve } = field;
      if (resolve && isCompositeType(getNamedType(field.type))) field.resolve = (...given) => caught(resolve(...given));
    }
  }
  return schema;
}

function caught(value: unknown): unknown {
  if (value instanceof Promise) return new Caught(value);
  return Array.isArray(value) && value.some((item) => item instanceof Promise) ? value.map(caught) : value;
}

/** As much of a promise as graphql-jit uses. */
class Caught {
  readonly #promise: Promise<unknown>;

  constructor(promise: Promise<unknown>) {
    this.#promise = promise;
  }

  then(onFulfilled: (value: unknown) => void, onRejected: (error: unknown) => void): void {
    void this.#promise.then((value) => {
      try {
        onFulfilled(caught(value));
      } catch (error) {
        onRejected(error);
      }
    }, onRejected);
  }
}
