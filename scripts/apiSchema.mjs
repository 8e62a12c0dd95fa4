import { parse, print, specifiedDirectives, visit } from 'graphql';

const STANDARD = new Set(specifiedDirectives.map(({ name }) => name));

/** The schema as clients use it: without federation, so that any code generator can read it. */
export function apiSchema(sdl) {
  const document = visit(parse(sdl), {
    SchemaExtension: () => null,
    DirectiveDefinition: () => null,
    Directive: ({ name }) => (STANDARD.has(name.value) ? undefined : null),
  });
  return `${print(document)}\n`;
}
