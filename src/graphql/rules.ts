import { GraphQLError, Kind, type ASTVisitor, type TypeNode, type ValidationContext } from 'graphql';
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

/**
 * Refuses a variable of a list type within an object. Only a representation is an object, and its values have no type, so that
 * graphql-js takes any type there. For one like `[[[ID]]]`, it makes a list for each level of each item: 100 kB became gigabytes.
 */
export function noListsInObjects(context: ValidationContext): ASTVisitor {
  return {
    OperationDefinition: (operation) => {
      const lists = new Set(operation.variableDefinitions?.filter(({ type }) => isList(type)).map(({ variable }) => variable.name.value));
      if (lists.size === 0) return;
      for (const { node, type } of context.getRecursiveVariableUsages(operation)) {
        if (!type && lists.has(node.name.value)) context.reportError(new GraphQLError('A variable of a list type cannot stand within an object. Let a variable hold the whole object.', { nodes: node }));
      }
    },
  };
}

function isList(type: TypeNode): boolean {
  return type.kind === Kind.NON_NULL_TYPE ? isList(type.type) : type.kind === Kind.LIST_TYPE;
}
