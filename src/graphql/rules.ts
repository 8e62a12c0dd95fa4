import { GraphQLError, type ASTVisitor, type ValidationContext } from 'graphql';

/** Refuses mutations and subscriptions, which the schema lacks: graphql 16 validates them, then fails to execute them. */
export function knownOperationTypes(context: ValidationContext): ASTVisitor {
  return {
    OperationDefinition: (node) => {
      if (!context.getSchema().getRootType(node.operation)) {
        context.reportError(new GraphQLError(`The schema has no ${node.operation}.`, { nodes: node }));
      }
      return undefined;
    },
  };
}
