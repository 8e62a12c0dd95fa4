import { GraphQLError, type ASTVisitor, type ValidationContext } from 'graphql';
import { ContactsError } from '../errors.js';

const refused = new ContactsError('GRAPHQL_VALIDATION_FAILED', undefined, { fault: 'operationType' });

/** Refuses mutations and subscriptions, which the schema lacks: graphql 16 validates them, then fails to execute them. */
export function knownOperationTypes(context: ValidationContext): ASTVisitor {
  return {
    OperationDefinition: (node) => {
      if (!context.getSchema().getRootType(node.operation)) {
        context.reportError(new GraphQLError(refused.message, { nodes: node, originalError: refused }));
      }
      return undefined;
    },
  };
}
