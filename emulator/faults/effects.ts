import { bodyEffect, contentTypeEffect, emptyEffect, htmlEffect, statusEffect, truncatedEffect } from './answers.js';
import type { Effect } from './effect.js';
import { foreignWriteEffect } from './foreign-write.js';
import { operationNeverEndsEffect, operationVanishesEffect } from './operations.js';
import type { Fault } from './schema.js';
import { staleReadsEffect } from './stale-reads.js';
import { tokenExpiresEffect } from './token-expires.js';
import { resetEffect, slowEffect } from './wire.js';

/** What a fault of each kind does. */
export function effectOf(fault: Fault): Effect {
  switch (fault.kind) {
    case 'status':
      return statusEffect(fault);
    case 'reset':
      return resetEffect(fault);
    case 'truncated':
      return truncatedEffect();
    case 'html':
      return htmlEffect(fault);
    case 'empty':
      return emptyEffect(fault);
    case 'content-type':
      return contentTypeEffect(fault);
    case 'body':
      return bodyEffect(fault);
    case 'slow':
      return slowEffect(fault);
    case 'operation-vanishes':
      return operationVanishesEffect();
    case 'operation-never-ends':
      return operationNeverEndsEffect();
    case 'stale-reads':
      return staleReadsEffect(fault);
    case 'foreign-write':
      return foreignWriteEffect(fault);
    case 'token-expires':
      return tokenExpiresEffect(fault);
  }
}
