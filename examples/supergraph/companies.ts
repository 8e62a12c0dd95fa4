import type { GraphQLSchemaModule } from '@apollo/subgraph';
import { parse } from 'graphql';

export interface CompanyRow {
  /** As the contacts subgraph writes it: the system that named the company, and its identifier there. */
  readonly id: string;
  readonly name: string;
  readonly keyContactId: string | null;
}

export const COMPANIES: readonly CompanyRow[] = [
  { id: 'pms:77', name: 'Paper Wombat Press', keyContactId: 'pms:4711' },
  { id: 'cas360:7f3c0e52-1b1d-4c55-9a54-2d6a6a2f0054', name: 'Whisker Street Holdings Pty Ltd', keyContactId: 'cas360:555742' },
];

interface Relationship {
  readonly current: boolean;
  readonly company: { readonly id: string } | null;
}

/** The subgraph that owns companies; the contacts subgraph only names them. */
export function companies(rows = COMPANIES): GraphQLSchemaModule {
  const company = (id: string) => rows.find((row) => row.id === id) ?? null;
  return {
    typeDefs: parse(/* GraphQL */ `
      extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key", "@external", "@requires"])

      type Query {
        company(id: ID!): Company
        companies: [Company!]!
      }

      type Company @key(fields: "id") {
        id: ID!
        name: String
        keyContact: Contact
      }

      type Contact @key(fields: "id") {
        id: ID!
        relationships(current: Boolean): [Relationship!] @external
        "The companies that the contact holds a role in today, each once."
        companies: [Company!] @requires(fields: "relationships { current company { id } }")
      }

      type Relationship {
        current: Boolean! @external
        company: Company @external
      }
    `),
    resolvers: {
      Query: { company: (_query, { id }: { id: string }) => company(id), companies: () => rows },
      Company: {
        __resolveReference: async ({ id }: { id: string }) => company(id),
        keyContact: ({ keyContactId }: CompanyRow) => keyContactId && { id: keyContactId },
      },
      Contact: {
        companies: ({ relationships }: { relationships: readonly Relationship[] | null }) => {
          const ids = relationships?.flatMap((one) => (one.current && one.company ? one.company.id : []));
          return ids && rows.filter(({ id }) => ids.includes(id));
        },
      },
    },
  };
}
