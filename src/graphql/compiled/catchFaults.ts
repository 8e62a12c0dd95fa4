import { getNamedType, isCompositeType, isObjectType, type GraphQLSchema } from 'graphql';

/**
 * Changes a schema for graphql-jit, and returns it. graphql-jit catches what a resolver throws, but not what its own code
 * throws when a promise resolves, for instance from a getter of a model. The operation would then never end. Here such a
 * promise counts as rejected.
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

/** The part of a promise that graphql-jit uses. */
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
