import { formatExtensionName, parseExtensionName } from '../../google/names.js';
import type { Observed } from '../../observe/observed.js';
import { compareText } from '../canonical.js';
import { iapExtensions } from '../enforcement.js';
import { policyVersionOf } from '../grant-model.js';
import type { Finding } from '../types.js';

/**
 * The change that makes a gateway decide by access policies (V2): the version in the metadata of its IAP extension, everything else in
 * there as it is, since a mask below `metadata` is not documented. The query is a word of its own: reports leave queries of URLs out.
 *
 * @param universe domain of the Google APIs
 * @returns one command for each extension that says V1, for a shell
 */
export function switchCommands({ enforcement }: Pick<Observed, 'enforcement'>, universe: string): string[] {
  if (enforcement?.kind !== 'read') return [];
  return iapExtensions(enforcement)
    .filter((extension) => policyVersionOf(extension) === 'V1')
    .flatMap(({ name, metadata }) => {
      const parsed = parseExtensionName(name);
      if (!parsed) return [];
      const url = `https://networkservices.${universe}/v1/${formatExtensionName(parsed)}`;
      const body = JSON.stringify({ metadata: { ...metadata, iapPolicyVersion: 'V2' } });
      return [
        `curl -X PATCH -H "Authorization: Bearer $(gcloud auth print-access-token)" -H 'Content-Type: application/json' '${url}''?updateMask=metadata' -d ${quoted(body)}`,
      ];
    })
    .sort(compareText);
}

/** Denials are notes as long as they do not count. */
const DENIALS: readonly string[] = ['access-denied-by-rule', 'access-rule-unclear'];

/** @returns IDs of the checks that name whom the switch would cut off, sorted */
export function switchHindrances(checks: readonly Finding[]): string[] {
  const hindering = checks.filter(
    ({ id, level }) => DENIALS.includes(id) || (id === 'migration-incomplete' && level !== 'note'),
  );
  return [...new Set(hindering.map(({ id }) => id))].sort(compareText);
}

/** Metadata is somebody else's text: nothing of it may end the quotes. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
