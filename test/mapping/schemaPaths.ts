import { buildSchema, getNamedType, isEnumType, isObjectType, type GraphQLEnumType, type GraphQLNamedType } from 'graphql';
import { readdirSync, readFileSync } from 'node:fs';

const sdl = readdirSync('schema').map((file) => readFileSync(`schema/${file}`, 'utf8'));
// Federation's own directives are not defined in it.
const schema = buildSchema(sdl.join('\n'), { assumeValid: true, assumeValidSDL: true });

/** The type at a path such as `Contact.address.city`, undefined where there is none. */
export function typeAt(path: string): GraphQLNamedType | undefined {
  const [root, ...fields] = path.split('.');
  return fields.reduce<GraphQLNamedType | undefined>((type, field) => {
    const inner = isObjectType(type) ? type.getFields()[field]?.type : undefined;
    return inner && getNamedType(inner);
  }, schema.getType(root!));
}

/** Every path from Contact to a field that has no fields itself. A contact inside counts as its id. */
export function leaves(path = 'Contact'): string[] {
  const type = typeAt(path);
  if (!isObjectType(type)) return [path];
  if (path !== 'Contact' && type.name === 'Contact') return [`${path}.id`];
  return Object.keys(type.getFields()).flatMap((field) => leaves(`${path}.${field}`));
}

export function enums(): GraphQLEnumType[] {
  return Object.values(schema.getTypeMap()).filter((type) => isEnumType(type)).filter(({ name }) => !name.startsWith('__'));
}
