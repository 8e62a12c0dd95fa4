/** The only client of a sandbox system. Any number of programs may use it at once. */
export interface Client {
  id: string;
  secret: string;
}

/** Authenticates a request by its Basic header (RFC 6749, 2.3.1), else by its parameters. */
export function isFrom(client: Client, authorization: string | undefined, parameters: URLSearchParams): boolean {
  const basic = /^basic (.+)$/i.exec(authorization ?? '')?.[1];
  if (basic !== undefined) return Buffer.from(basic, 'base64').toString() === `${client.id}:${client.secret}`;
  return parameters.get('client_id') === client.id && parameters.get('client_secret') === client.secret;
}
