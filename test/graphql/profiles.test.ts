import { describe, expect, test } from '@jest/globals';
import { Kind, parse, print, type ConstDirectiveNode, type DocumentNode, type ObjectTypeDefinitionNode } from 'graphql';
import { ACCESS_POLICY } from '../../src/graphql/accessPolicy.js';
import { printProfile } from '../../src/graphql/profiles.js';
import { readTypeDefs } from '../../src/graphql/schema.js';

const typeDefs = readTypeDefs('schema');
const plain = parse(printProfile(typeDefs, 'default'));
const routers = parse(printProfile(typeDefs, 'router-auth'));

const objectsOf = (document: DocumentNode): ObjectTypeDefinitionNode[] => document.definitions.filter((node) => node.kind === Kind.OBJECT_TYPE_DEFINITION);
const named = (directives: readonly ConstDirectiveNode[] = [], name: string) => directives.filter((directive) => directive.name.value === name).map(print);
const argument = (directive: string) => /"(.*)"/.exec(directive)![1]!;

describe('the profile router-auth', () => {
  test('has a scope on exactly the fields that the access policy guards', () => {
    const guarded = objectsOf(routers).flatMap((type) =>
      (type.fields ?? []).flatMap((field) => named(field.directives, 'requiresScopes').map((guard) => [`${type.name.value}.${field.name.value}`, guard])),
    );
    const policy = Object.entries(ACCESS_POLICY).flatMap(([type, fields]) =>
      Object.entries(fields).flatMap(([field, access]) => (access === 'everyone' ? [] : [[`${type}.${field}`, `@requiresScopes(scopes: [["${access}"]])`]])),
    );
    expect(policy.length).toBeGreaterThan(20);
    expect(guarded.sort()).toEqual(policy.sort());
  });

  test('has a scope nowhere else: not on types, which would guard their every field', () => {
    const elsewhere = routers.definitions.flatMap((node) => named('directives' in node ? (node.directives as ConstDirectiveNode[]) : [], 'requiresScopes'));
    expect(elsewhere).toEqual([]);
  });

  // The composer for Node does not look into the formats; Apollo's newer one refuses what breaks these rules.
  test('tags every entity that can be looked up, by what all its keys hold', () => {
    const entities = objectsOf(routers).filter(({ directives }) => named(directives, 'key').some((key) => !key.includes('resolvable: false')));
    expect(entities.map(({ name }) => name.value).sort()).toEqual(['Address', 'Contact', 'SalesAccount']);
    for (const { directives } of entities) {
      const keys = named(directives, 'key').map((key) => argument(key.replace(', resolvable: false', '')).replace(/\{.*?\}/g, '').split(/\s+/));
      const tags = named(directives, 'cacheTag').map(argument);
      expect(tags).toHaveLength(1);
      const held = [...tags[0]!.matchAll(/\{(.*?)\}/g)].map(([, path]) => path!);
      expect(held).toEqual(['$key.id']);
      for (const key of keys) expect(key).toContain('id');
    }
  });

  test('tags no other type, and of fields only those of Query, by arguments that are no lists', () => {
    const others = objectsOf(routers).filter(({ name }) => !['Address', 'Contact', 'SalesAccount'].includes(name.value));
    expect(others.flatMap(({ directives }) => named(directives, 'cacheTag'))).toEqual([]);
    const tagged = objectsOf(routers).flatMap((type) =>
      (type.fields ?? []).flatMap((field) => named(field.directives, 'cacheTag').map((tag) => [`${type.name.value}.${field.name.value}`, argument(tag)])),
    );
    expect(tagged).toEqual([
      ['Query.contact', 'contact-{$args.id}'],
      ['Query.contacts', 'contacts'],
    ]);
  });

  test('is the default profile in all else', () => {
    const without = printProfile(typeDefs, 'router-auth')
      .replace(/ @(requiresScopes|cacheTag)\((scopes: \[\[.*?\]\]|format: ".*?")\)/g, '')
      .replace(/^extend schema .*\n\ndirective @cacheTag.*\n\n/, '');
    const withoutLink = print({ ...plain, definitions: plain.definitions.filter(({ kind }) => kind !== Kind.SCHEMA_EXTENSION) });
    expect(without).toBe(`${withoutLink}\n`);
  });
});

test('both profiles are the same text every time, whatever the order and the layout of the files', () => {
  for (const profile of ['default', 'router-auth'] as const) {
    expect(printProfile(typeDefs, profile)).toBe(printProfile(`\n\n# A remark.\n${typeDefs.replaceAll('\n  ', '\n\t')}`, profile));
  }
});
