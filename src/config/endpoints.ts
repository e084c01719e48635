import { report, type Context } from './context.js';
import type { DesiredEndpoint, ProtocolBinding } from './desired.js';
import type { ParsedFile } from './parse.js';
import { quote } from './problems.js';
import { SERVICE_ID } from './schema.js';
import { normalizeUrl } from './url.js';

const PROTOCOLS: Readonly<Record<'jsonrpc' | 'http-json' | 'grpc', ProtocolBinding>> = {
  jsonrpc: 'JSONRPC',
  'http-json': 'HTTP_JSON',
  grpc: 'GRPC',
};

/** The endpoints of the file, in its order. One with problems is here too, so that its key counts as declared. */
export function readEndpoints(context: Context): DesiredEndpoint[] {
  const { file } = context;
  if (file === undefined) return [];
  return Object.keys(file.value.endpoints ?? {}).map((key) => readEndpoint(context, file, key));
}

function readEndpoint(context: Context, file: ParsedFile, key: string): DesiredEndpoint {
  const path = ['endpoints', key];
  const origin = file.locate(path, 'key');
  if (!SERVICE_ID.test(key)) {
    report(
      context,
      origin,
      `${quote(key)} cannot be a service ID of Agent Registry.`,
      'Use 4 to 63 lower-case letters, digits and hyphens, a letter first and no hyphen last.',
    );
  }
  const written = file.value.endpoints?.[key];
  if (written !== undefined && !Object.hasOwn(written, 'presets') && !Object.hasOwn(written, 'urls')) {
    report(context, origin, `The endpoint ${quote(key)} has no hosts.`, 'Give it presets, urls or both.');
  }
  const displayName = written?.display_name ?? key;
  if (displayName.trim() === '' || /\p{Cc}/u.test(displayName)) {
    const message = `The display name ${quote(displayName)} is blank or holds control characters.`;
    report(context, file.locate([...path, 'display_name']), message, 'Write visible text, or remove the key.');
  }
  return {
    key,
    displayName,
    presets: readPresets(context, file, key),
    urls: readUrls(context, file, key),
    protocol: PROTOCOLS[written?.protocol ?? 'jsonrpc'],
    carryOver: written?.carry_over ?? false,
    origin,
  };
}

function readPresets(context: Context, file: ParsedFile, key: string): DesiredEndpoint['presets'] {
  const seen = new Map<string, DesiredEndpoint['presets'][number]>();
  (file.value.endpoints?.[key]?.presets ?? []).forEach((name, index) => {
    if (name === undefined) return;
    const origin = file.locate(['endpoints', key, 'presets', index]);
    if (seen.has(name)) report(context, origin, `The preset ${quote(name)} is listed twice.`, 'Keep one of them.');
    else seen.set(name, { name, origin });
  });
  return [...seen.values()];
}

function readUrls(context: Context, file: ParsedFile, key: string): DesiredEndpoint['urls'] {
  const seen = new Map<string, DesiredEndpoint['urls'][number]>();
  (file.value.endpoints?.[key]?.urls ?? []).forEach((text, index) => {
    if (text === undefined) return;
    const origin = file.locate(['endpoints', key, 'urls', index]);
    const result = normalizeUrl(text);
    if ('message' in result) report(context, origin, result.message, result.fix);
    else if (seen.has(result.url))
      report(context, origin, `${quote(result.url)} is listed twice.`, 'Keep one of them.');
    else seen.set(result.url, { url: result.url, origin });
  });
  return [...seen.values()];
}
