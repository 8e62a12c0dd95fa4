import { randomUUID } from 'node:crypto';
import type { Client } from './client.js';
import type { Answer } from './http.js';
import type { Approval } from './refreshTokens.js';

const CODE_LIFETIME_MS = 60_000;

/** The page on which a person approves, and the codes that come of it (RFC 6749, 4.1). */
export class Authorization {
  readonly #client: Client;
  readonly #now: () => number;
  readonly #codes = new Map<string, { readonly redirectUri: string; readonly endsAtMs: number; readonly gave: Approval; isUsed: boolean }>();

  constructor(client: Client, now: () => number) {
    this.#client = client;
    this.#now = now;
  }

  /**
   * Answers `/oauth/authorize`. Without a decision: a page with two buttons. The decision is `approve=yes` or `approve=no`, in
   * the query or in a form. Nobody signs in here.
   */
  page(parameters: URLSearchParams, form: URLSearchParams): Answer {
    const clientId = parameters.get('client_id') ?? '';
    const redirectUri = parameters.get('redirect_uri') ?? '';
    // Where the request may be somebody else's, a redirect would lead to him (RFC 6749, 4.1.2.1).
    if (clientId !== this.#client.id) return errorPage(401, `unauthorized: no such client: ${clientId}`);
    if (!isAbsolute(redirectUri)) return errorPage(400, `invalid_request: redirect_uri must be an absolute http or https address without a fragment: ${redirectUri}`);
    const redirect = (answer: Record<string, string>): Answer => redirectTo(redirectUri, answer, parameters.get('state'));
    const type = parameters.get('response_type');
    if (type !== 'code') return redirect({ error: 'unsupported_response_type', error_description: `No such response type: ${type}` });
    const scope = parameters.get('scope');
    if (!scope) return redirect({ error: 'invalid_scope', error_description: 'A scope is needed' });
    const decision = form.get('approve') ?? parameters.get('approve');
    if (decision === 'yes') return redirect({ code: this.#issue(redirectUri) });
    if (decision === 'no') return redirect({ error: 'access_denied', error_description: `The user denied ${clientId} the scope ${scope}` });
    return approvalPage(clientId, scope, redirectUri);
  }

  /**
   * The approval to which the tokens for this code belong. Undefined if the code is unknown, too old, or for another redirect.
   * A second use also voids what the first one gave (RFC 6749, 4.1.2).
   */
  redeem(code: string, redirectUri: string): Approval | undefined {
    const issued = this.#codes.get(code);
    if (!issued) return undefined;
    if (issued.isUsed) {
      issued.gave.isVoid = true;
      return undefined;
    }
    if (issued.redirectUri !== redirectUri || this.#now() >= issued.endsAtMs) return undefined;
    issued.isUsed = true;
    return issued.gave;
  }

  #issue(redirectUri: string): string {
    const code = `code-${randomUUID()}`;
    this.#codes.set(code, { redirectUri, endsAtMs: this.#now() + CODE_LIFETIME_MS, gave: { isVoid: false }, isUsed: false });
    return code;
  }
}

function isAbsolute(text: string): boolean {
  return /^https?:\/\//i.test(text) && URL.canParse(text) && !text.includes('#');
}

function redirectTo(redirectUri: string, answer: Record<string, string>, state: string | null): Answer {
  const location = new URL(redirectUri);
  for (const [name, value] of Object.entries({ ...answer, ...(state !== null && { state }) })) location.searchParams.set(name, value);
  return { status: 302, body: '', headers: { location: location.href } };
}

function approvalPage(clientId: string, scope: string, redirectUri: string): Answer {
  return page(200, 'Connect a program', `<p>The program <b>${escaped(clientId)}</b> asks for the scope <b>${escaped(scope)}</b>.</p>
<p>You will be led back to ${escaped(redirectUri)}</p>
<form method="post"><button name="approve" value="yes">Approve</button> <button name="approve" value="no">Deny</button></form>`);
}

function errorPage(status: number, message: string): Answer {
  return page(status, 'This request cannot be approved', `<p>${escaped(message)}</p>`);
}

function page(status: number, title: string, content: string): Answer {
  const body = `<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><title>${title}</title></head>\n<body><h1>${title}</h1>\n<p>This is the sandbox of CAS 360.</p>\n${content}\n</body></html>\n`;
  return { status, body, headers: { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-store' } };
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;').replaceAll("'", '&#39;');
}
