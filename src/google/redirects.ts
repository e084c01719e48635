import { gaxios, type AuthClient } from 'google-auth-library';

/** A client, its helper for token exchange, and the client of the account that it impersonates with. */
const DEPTH = 3;

/**
 * Makes a client of the auth library hand redirects back: followed, a redirect of a token endpoint (307, 308) would take the
 * job's OIDC token or a refresh token along to another host. The library has an option for that, and does not pass it on to
 * the helper that exchanges tokens, so every transporter within the client is told itself.
 */
export function forbidRedirects(client: AuthClient): AuthClient {
  tell(client, DEPTH);
  return client;
}

function tell(holder: object, depth: number): void {
  for (const part of Object.values(holder) as unknown[]) {
    if (part instanceof gaxios.Gaxios) part.defaults = { ...part.defaults, redirect: 'manual' };
    else if (typeof part === 'object' && part !== null && depth > 1) tell(part, depth - 1);
  }
}
