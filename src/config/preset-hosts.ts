/** Where a preset is expanded: the region of the engines and the domain of the cloud. */
export interface HostScope {
  readonly region: string;
  readonly universe: string;
}

/**
 * The forms of one Google API's host name. The gateway matches host names exactly, so each form is one entry
 * (google/skills, agent-platform-troubleshooting, "hostname permutations").
 * - `global`: `SERVICE.googleapis.com` and `SERVICE.mtls.googleapis.com`
 * - `regional`: `REGION-SERVICE.googleapis.com` and `REGION-SERVICE.mtls.googleapis.com`
 * - `rep`: `SERVICE.REGION.rep.googleapis.com`, the regional endpoint
 */
export type HostForm = 'global' | 'regional' | 'rep';

/** The hosts of one API that a preset stands for, and why an agent calls them. */
export interface PresetService {
  readonly service: string;
  readonly forms: readonly HostForm[];
  readonly why: string;
}

const MODEL_FORMS = ['regional', 'rep'] as const;
const aiplatform = (why: string): PresetService => ({ service: 'aiplatform', forms: MODEL_FORMS, why });
const global = (service: string, why: string): PresetService => ({ service, forms: ['global'], why });

/** `region` is set where a preset names a place of its own instead of the scope's. */
export interface Preset {
  readonly services: readonly PresetService[];
  readonly region?: string;
  readonly description: string;
}

/**
 * What each preset stands for. Sources: "Route Agent Runtime traffic through Agent Gateway" (Sessions, Memory Bank,
 * models, trace, logging), "Troubleshoot Agent Gateway" (start-up), google/skills agent-platform-troubleshooting
 * (registry structure), the codelabs and GoogleCloudPlatform/cloud-networking-solutions demos/agent-gateway (tools).
 */
export const PRESETS = {
  // The list of essential endpoints in the newest docs, as readers quote it, plus the regional endpoint of the seed
  // page: behind an enforcing gateway an agent without them does not start.
  runtime: {
    description: 'everything an agent needs to start behind an enforcing gateway',
    services: [
      { service: 'aiplatform', forms: ['regional', 'global', 'rep'], why: 'start-up and Agent Runtime API' },
      { service: 'agentregistry', forms: ['regional', 'global'], why: 'start-up and tool discovery' },
      global('oauth2', 'access tokens'),
      global('logging', 'log entries'),
      global('monitoring', 'metrics'),
      global('telemetry', 'traces (OpenTelemetry)'),
      // trace.googleapis.com is on the docs' list, cloudtrace.googleapis.com is the API's own host: both are called.
      global('trace', 'traces, as the docs list it'),
      global('cloudtrace', 'traces (Cloud Trace API)'),
      global('cloudresourcemanager', 'start-up: project number to project ID'),
      global('iamcredentials', 'tokens of service accounts'),
      global('secretmanager', 'secrets in environment variables'),
    ],
  },
  gemini: { description: 'Gemini models in the region', services: [aiplatform('Gemini')] },
  'gemini-global': {
    description: 'Gemini models at the global endpoint',
    services: [global('aiplatform', 'Gemini, global endpoint')],
  },
  'gemini-us': { description: 'Gemini models in the us multi-region', region: 'us', services: [aiplatform('Gemini')] },
  'gemini-eu': { description: 'Gemini models in the eu multi-region', region: 'eu', services: [aiplatform('Gemini')] },
  sessions: { description: 'Agent Runtime sessions', services: [aiplatform('Sessions')] },
  'memory-bank': { description: 'Memory Bank', services: [aiplatform('Memory Bank')] },
  tracing: {
    description: 'Cloud Trace, by OpenTelemetry and by its own API',
    services: [
      global('telemetry', 'traces (OpenTelemetry)'),
      global('cloudtrace', 'traces (Cloud Trace API)'),
      global('trace', 'traces, as the docs list it'),
    ],
  },
  logging: { description: 'Cloud Logging', services: [global('logging', 'log entries')] },
  monitoring: { description: 'Cloud Monitoring', services: [global('monitoring', 'metrics')] },
  'agent-registry': {
    description: 'Agent Registry, to discover tools and agents',
    services: [{ service: 'agentregistry', forms: ['regional', 'global'], why: 'tool discovery' }],
  },
  impersonation: {
    description: 'service account impersonation, which calls to Cloud Run need',
    services: [global('iamcredentials', 'tokens of service accounts')],
  },
  oauth: {
    description: 'OAuth tokens and token exchange',
    services: [global('oauth2', 'access tokens'), global('sts', 'token exchange')],
  },
  'secret-manager': { description: 'Secret Manager', services: [global('secretmanager', 'secrets')] },
  storage: { description: 'Cloud Storage', services: [global('storage', 'objects')] },
  bigquery: { description: 'BigQuery', services: [global('bigquery', 'queries and tables')] },
  'discovery-engine': {
    description: 'Agent Search and Gemini Enterprise (Discovery Engine)',
    services: [global('discoveryengine', 'search'), global('global-discoveryengine', 'search, location global')],
  },
  iap: { description: 'Identity-Aware Proxy', services: [global('iap', 'Identity-Aware Proxy')] },
  // Model Armor has regional endpoints only.
  'model-armor': {
    description: 'Model Armor, called by the agent itself',
    services: [{ service: 'modelarmor', forms: ['rep'], why: 'prompt and response screening' }],
  },
  pubsub: { description: 'Pub/Sub', services: [global('pubsub', 'messages')] },
  container: { description: 'Google Kubernetes Engine', services: [global('container', 'clusters')] },
} as const satisfies Record<string, Preset>;

export type PresetName = keyof typeof PRESETS;
