import { expandPreset, hostsOf, type HostReason } from './expand.js';
import type { HostScope } from './preset-hosts.js';

/** Presets of the hosts that the model and the platform are called at; `GOOGLE_CLOUD_LOCATION` moves these calls. */
const MOVABLE = ['gemini', 'runtime'];
const MULTI_REGIONS = ['us', 'eu'];

/** Where the OpenTelemetry exporter sends to (OpenTelemetry specification, "OTLP Exporter Configuration"). */
const OTLP_ENDPOINTS = [
  'OTEL_EXPORTER_OTLP_ENDPOINT',
  'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT',
  'OTEL_EXPORTER_OTLP_METRICS_ENDPOINT',
  'OTEL_EXPORTER_OTLP_LOGS_ENDPOINT',
];

/** The switches that, as documented, say whether Google's clients use the mTLS host names. */
const MTLS_SWITCHES: Readonly<Record<string, readonly string[]>> = {
  GOOGLE_API_USE_MTLS_ENDPOINT: ['always', 'auto', 'never'],
  GOOGLE_API_USE_CLIENT_CERTIFICATE: ['true', 'false'],
};

/**
 * The hosts that an engine's own environment variables make it call, for the presets its endpoint lists. A host may be
 * one that a preset lists anyway; then it is here for its reason. Whoever can deploy an engine can set its variables,
 * so a value is only ever used to pick among Google's own host names; anything else in it is ignored.
 */
export function expandForEnvironment(
  presetNames: readonly string[],
  env: Readonly<Record<string, string>>,
  scope: HostScope,
): HostReason[] {
  const get = (name: string): string => (Object.hasOwn(env, name) ? String(env[name]).trim() : '');
  return [
    ...forLocation(presetNames, get('GOOGLE_CLOUD_LOCATION'), scope),
    ...forTelemetry(presetNames, get, scope),
    ...forMtls(presetNames, get, scope),
  ];
}

/** Models may be asked for elsewhere than where the engine runs; sessions and memories stay in its region. */
function forLocation(presetNames: readonly string[], value: string, scope: HostScope): HostReason[] {
  const location = value.toLowerCase();
  const preset = MOVABLE.find((name) => presetNames.includes(name));
  if (preset === undefined || location === '' || location === scope.region) return [];
  const why = `GOOGLE_CLOUD_LOCATION=${location}`;
  if (location === 'global') return hostsOf(preset, 'aiplatform', 'global', why, scope);
  const isRegion = /^[a-z]{1,20}(?:-[a-z]{1,20}){1,2}\d{1,2}$/.test(location);
  // The start-up set does not follow the model to another region, only the model calls do.
  if (!MULTI_REGIONS.includes(location) && !(isRegion && preset === 'gemini')) return [];
  const place = { region: location, universe: scope.universe };
  return (['regional', 'rep'] as const).flatMap((form) => hostsOf(preset, 'aiplatform', form, why, place));
}

/**
 * Telemetry that was switched on by a variable needs its hosts even where the author of the config did not list
 * `tracing` or `logging`. The OTLP exporter sends traces to telemetry.googleapis.com, not to the Cloud Trace API.
 */
function forTelemetry(presetNames: readonly string[], get: (name: string) => string, scope: HostScope): HostReason[] {
  if (!presetNames.includes('runtime')) return [];
  const found = new Map<string, string>();
  if (['true', '1'].includes(get('GOOGLE_CLOUD_AGENT_ENGINE_ENABLE_TELEMETRY').toLowerCase())) {
    const why = 'GOOGLE_CLOUD_AGENT_ENGINE_ENABLE_TELEMETRY is on';
    found.set('telemetry', why).set('logging', why);
  }
  for (const name of OTLP_ENDPOINTS) {
    const service = telemetryService(get(name), scope.universe);
    if (service === undefined) continue;
    const why = `${name} sends telemetry to Google Cloud`;
    for (const each of [service, 'telemetry', 'logging']) if (!found.has(each)) found.set(each, why);
  }
  if (presetNames.includes('tracing')) found.delete('telemetry');
  if (presetNames.includes('logging')) found.delete('logging');
  return [...found].flatMap(([service, why]) => hostsOf('runtime', service, 'global', why, scope));
}

/** `telemetry` or `REGION-telemetry` when the exporter's endpoint is Google's Telemetry API, in any spelling. */
function telemetryService(endpoint: string, universe: string): string | undefined {
  if (endpoint.length > 300) return undefined;
  const host = /^(?:https?:\/\/)?([a-z0-9.-]+)(?::\d+)?(?:\/|$)/.exec(endpoint.toLowerCase())?.[1];
  if (host?.endsWith(`.${universe}`) !== true) return undefined;
  const name = host.slice(0, -universe.length - 1);
  return /^((?:[a-z]+-[a-z]+\d+-)?telemetry)(?:\.mtls)?$/.exec(name)?.[1];
}

/** The mTLS hosts are listed with or without the switches; where one is set, its reader is told so. */
function forMtls(presetNames: readonly string[], get: (name: string) => string, scope: HostScope): HostReason[] {
  const set = Object.entries(MTLS_SWITCHES).flatMap(([name, values]) => {
    const value = get(name).toLowerCase();
    return values.includes(value) ? [`${name}=${value}`] : [];
  });
  if (set.length === 0) return [];
  const reason = `${set.join(' and ')} is set; clients are reported to ignore it, so both forms are listed`;
  return presetNames
    .flatMap((name) => expandPreset(name, scope))
    .filter(({ url }) => url.includes('.mtls.'))
    .map((host) => ({ ...host, reason }));
}
