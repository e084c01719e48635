/** What stands where something was left out. */
const GONE = '…';
const COMMENT = /^#issuecomment-\d{1,20}$/;
/** Pages of Google that its error messages point to: their queries say where to click, and hold no secret. */
const GOOGLE_PAGES = /^https:\/\/(?:[a-z]+\.)?(?:cloud|developers|support)\.google\.com(?=[/?#]|$)/i;

/**
 * The URL without what may be a secret: user information, query and fragment. An ellipsis stands where something was
 * left out: `https://…@host/path?…#…`. What is no clean URL loses everything up to its last `@` as well.
 */
export function redactUrl(url: string): string {
  const [, address = '', query = '', fragment = ''] = /^([^?#]*)(\?[^#]*)?(#.*)?$/su.exec(url) ?? [];
  // A comment's place on its page is no secret, and its address is of no use without.
  const place = COMMENT.test(fragment) ? fragment : fragment && `#${GONE}`;
  return `${withoutUser(address)}${query && `?${GONE}`}${place}`;
}

/** The same for every URL in a text; links to Google's own pages stay whole. */
export function redactText(text: string): string {
  return text.replace(/[a-z][a-z\d+.-]{0,20}:[\\/]{2,}[^\s"'`<>]+/gi, (found) => {
    const [, url = '', after = ''] = /^(.*?)([).,;:\]}]{0,5})$/su.exec(found) ?? [];
    return GOOGLE_PAGES.test(url) ? found : `${redactUrl(url)}${after}`;
  });
}

/** A plain host is followed by a path, which may hold an `@`; everything else up to the last `@` may be a password. */
function withoutUser(address: string): string {
  if (!address.includes('@') || /^[a-z][a-z\d+.-]*:\/\/[a-z\d.-]+(?::\d+)?\/[^\\]*$/i.test(address)) return address;
  const scheme = /^[a-z][a-z\d+.-]*:\/\//i.exec(address)?.[0] ?? '';
  return `${scheme}${GONE}@${address.slice(address.lastIndexOf('@') + 1)}`;
}
