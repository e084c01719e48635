// What is measured: fleets from one agent to the documented quotas, as worlds of the emulator and as configs.

export const PROJECT = 'acme-agents';
export const NUMBER = '101010';
export const REGION = 'us-central1';

/**
 * @typedef {{ name: string, engines: number, endpoints: number, others?: number }} Size `others`: the services are there, and so
 *   many members of others are in the policy of each
 * @typedef {{ id: string, key: string, url: string }} Endpoint
 */

/** @type {readonly Size[]} */
export const SIZES = [
  { name: '1 engine x 8 hosts', engines: 1, endpoints: 8 },
  { name: '20 engines x 12 endpoints', engines: 20, endpoints: 12 },
  { name: '100 engines x 60 endpoints', engines: 100, endpoints: 60 },
  { name: '100 engines x 100 endpoints x 1,500 members', engines: 100, endpoints: 100, others: 1_400 },
];

/** @param {number} count */
const numbers = (count) => Array.from({ length: count }, (_none, index) => index);

/** @param {Size} size */
export const engineIds = ({ engines }) => numbers(engines).map((n) => `${4405152104998500000n + BigInt(n)}`);

/** @param {Size} size */
export const endpointKeys = ({ endpoints }) => numbers(endpoints).map((n) => `service-${n}`);

/** @param {string} key */
export const urlOf = (key) => `https://${key}.example.com`;

/** @param {string} id the IAM member of an engine in the emulator's worlds */
export const memberOf = (id, region = REGION) =>
  `principal://agents.global.org-5550001.system.id.goog/resources/aiplatform/projects/${NUMBER}/locations/${region}/reasoningEngines/${id}`;

/**
 * @param {Size} size
 * @returns {import('../emulator/index.js').WorldInput} a world with the engines, a gateway that enforces grants, and nothing registered, granted or bound
 */
export function worldOf(size) {
  return {
    region: REGION,
    projects: [{ id: PROJECT, number: NUMBER, organization: '5550001' }],
    gateways: [{ id: 'egress', path: 'egress' }],
    extensions: [{ id: 'iap-authz' }],
    authzPolicies: [{ id: 'egress-authz', gateways: ['egress'], extension: 'iap-authz' }],
    engines: engineIds(size).map((id, n) => ({ id, displayName: `Agent ${n}` })),
    ...(size.others === undefined ? {} : { services: endpointKeys(size).map((key) => crowded(key, size.others ?? 0)) }),
  };
}

/**
 * @param {string} key
 * @param {number} others
 * @returns {import('../emulator/index.js').ServiceInput}
 */
function crowded(key, others) {
  // Other members in each policy, so that none could be shared.
  const first = 7_000_000_000_000_000_000n + BigInt(key.replace(/\D/g, '')) * 10_000n;
  const members = numbers(others).map((n) => memberOf(`${first + BigInt(n)}`, 'europe-west1'));
  return { id: key, urls: [urlOf(key)], policy: [{ members }] };
}

/**
 * @param {Size} size
 * @returns the desired state in which every engine may reach every endpoint
 */
export function configOf(size) {
  const keys = endpointKeys(size);
  return [
    'version: 1',
    `project: ${PROJECT}`,
    `region: ${REGION}`,
    'gateways: { egress: egress }',
    'endpoints:',
    ...keys.map((key) => `  ${key}: { urls: ['${urlOf(key)}'] }`),
    'agents:',
    `  - { engine: all, allow: [${keys.join(', ')}] }`,
    '',
  ].join('\n');
}
