/** What the tests use of jsdom, which comes without types. */
declare module 'jsdom' {
  import type { Context } from 'node:vm';

  export class JSDOM {
    constructor(html: string, options?: { runScripts?: 'outside-only' });
    readonly window: { readonly document: Document; readonly DOMParser: typeof DOMParser };
    getInternalVMContext(): Context;
  }
}
