import * as apollo from '@apollo/composition';
import * as hive from '@theguild/federation-composition';
import * as cosmo from '@wundergraph/composition';
import { buildSchema, parse, type GraphQLSchema } from 'graphql';

/** The schema that clients of the supergraph see, or why there is none. */
export type Composed = { readonly schema: GraphQLSchema; readonly errors?: never } | { readonly schema?: never; readonly errors: readonly string[] };

/** Composes subgraphs, given by their names. */
export type Compose = (subgraphs: Readonly<Record<string, string>>) => Composed;

/** The three composers that there are for Node, by the name of the platform that uses each. */
export const COMPOSERS: Readonly<Record<'Apollo' | 'Hive' | 'Cosmo', Compose>> = {
  Apollo: (subgraphs) => {
    const { schema, errors } = apollo.composeServices(services(subgraphs));
    return errors ? { errors: errors.map(({ message }) => message) } : { schema: schema.toAPISchema().toGraphQLJSSchema() };
  },
  Hive: (subgraphs) => {
    const result = hive.composeServices(services(subgraphs));
    return hive.compositionHasErrors(result) ? { errors: result.errors.map(({ message }) => message) } : { schema: buildSchema(result.publicSdl) };
  },
  Cosmo: (subgraphs) => {
    const given = services(subgraphs).map(({ name, url, typeDefs }) => ({ name, url, definitions: typeDefs }));
    const result = cosmo.federateSubgraphs({ subgraphs: given, version: cosmo.ROUTER_COMPATIBILITY_VERSION_ONE });
    return result.success ? { schema: result.federatedGraphClientSchema } : { errors: result.errors.map(({ message }) => message) };
  },
};

const services = (subgraphs: Readonly<Record<string, string>>) =>
  Object.entries(subgraphs).map(([name, sdl]) => ({ name, url: `http://${name}.example.test/graphql`, typeDefs: parse(sdl) }));
