import { explorerPlugin } from '@graphiql/plugin-explorer';
import { useGraphiQL, type GraphiQLPlugin } from '@graphiql/react';
import { isEnumType, isTypeSubTypeOf, Kind, print, typeFromAST, type GraphQLArgument, type GraphQLLeafType, type GraphQLSchema, type ValueNode, type VariableDefinitionNode } from 'graphql';

/** Of the document in front, as last drawn: the explorer does not hand it to the function that chooses an argument's value. */
let variables: readonly VariableDefinitionNode[] = [];
let schema: GraphQLSchema | null | undefined;

const explorer = explorerPlugin({
  getDefaultScalarArgValue: (_field: unknown, arg: GraphQLArgument, type: GraphQLLeafType) => variableFor(arg) ?? literalOf(type),
});

/** GraphiQL's explorer. An argument that is switched on takes the operation's variable of its name or type, if there is one. */
export const explorerWithVariables: GraphiQLPlugin = { ...explorer, content: Explorer };

function Explorer() {
  schema = useGraphiQL((state) => state.schema);
  const definitions = useGraphiQL((state) => state.documentAST)?.definitions ?? [];
  variables = definitions.flatMap((definition) => ('variableDefinitions' in definition ? (definition.variableDefinitions ?? []) : []));
  const Content = explorer.content;
  return (
    <>
      {variables.length > 0 && (
        <p className="explorer-variables">
          Variables: <code>{variables.map((definition) => print(definition)).join(', ')}</code>. An argument that you switch on takes the variable of its name or type.
        </p>
      )}
      <Content />
    </>
  );
}

function variableFor({ name, type }: GraphQLArgument): ValueNode | undefined {
  const fitting = variables.filter((definition) => {
    const given = schema && typeFromAST(schema, definition.type as never);
    return given && isTypeSubTypeOf(schema!, given, type);
  });
  return (fitting.find(({ variable }) => variable.name.value === name) ?? fitting[0])?.variable;
}

/** As the explorer does it without us. */
function literalOf(type: GraphQLLeafType): ValueNode {
  if (isEnumType(type)) return { kind: Kind.ENUM, value: type.getValues()[0]!.name };
  if (type.name === 'Boolean') return { kind: Kind.BOOLEAN, value: false };
  if (type.name === 'Int') return { kind: Kind.INT, value: '10' };
  return type.name === 'Float' ? { kind: Kind.FLOAT, value: '1.5' } : { kind: Kind.STRING, value: '' };
}
