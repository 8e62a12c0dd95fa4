import { composeServices, compositionHasErrors } from '@theguild/federation-composition';
import { parse } from 'graphql';

/** A subgraph as the supergraph names it. */
export interface NamedSubgraph {
  readonly name: string;
  readonly url: string;
}

/** Asks every subgraph for its SDL, as `rover supergraph compose` and `wgc router compose` do, and makes one supergraph of them. */
export async function compose(subgraphs: readonly NamedSubgraph[]): Promise<string> {
  const services = await Promise.all(subgraphs.map(async (subgraph) => ({ ...subgraph, typeDefs: parse(await sdlOf(subgraph)) })));
  const result = composeServices(services);
  if (compositionHasErrors(result)) throw new Error(`These subgraphs do not compose:\n${result.errors.map(({ message }) => message).join('\n')}`);
  return result.supergraphSdl;
}

async function sdlOf({ name, url }: NamedSubgraph): Promise<string> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query: '{ _service { sdl } }' }),
  });
  const { data } = (await response.json()) as { data?: { _service: { sdl: string } } };
  if (!data) throw new Error(`The subgraph ${name} gave no SDL, but HTTP ${response.status}.`);
  return data._service.sdl;
}
