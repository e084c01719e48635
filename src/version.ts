/** Equals the version of package.json (a test holds them together); not imported from there, or every dependency bump would change dist/. */
export const VERSION = '0.1.0';
export const USER_AGENT = `bind-agent-gateway/${VERSION}`;
