import { describe, expect, it } from '@jest/globals';
import { assignUrls, declaredUrls, ownerOfUrl } from '../../../src/config/host-owners.js';
import { build, desiredOf, FILE_HEAD } from './helpers.js';

const SCOPE = { region: 'us-central1', universe: 'googleapis.com' };
const file = (agents: string) => `${FILE_HEAD}endpoints:
  models: {presets: [gemini]}
  memories: {presets: [memory-bank], urls: [https://x.example.com]}
agents:
${agents}`;

describe('a URL that two endpoints list', () => {
  it('belongs to the first', () => {
    const { endpoints } = desiredOf(file('  - {engine: all}\n'));
    const url = 'https://us-central1-aiplatform.googleapis.com';
    expect(ownerOfUrl(url, endpoints, SCOPE)?.key).toBe('models');
    expect(ownerOfUrl('https://x.example.com', endpoints, SCOPE)?.key).toBe('memories');
    expect(ownerOfUrl('https://y.example.com', endpoints, SCOPE)).toBeUndefined();
    expect([...assignUrls(endpoints, SCOPE).values()].filter(({ key }) => key === 'memories')).toHaveLength(1);
  });

  it.each([
    ['nobody is allowed the second', '  - {engine: a, allow: [models]}\n'],
    ['both are allowed', '  - {engine: a, allow: [models, memories]}\n'],
    ['both are allowed in two entries', '  - {engine: a, allow: [models]}\n  - {engine: a, allow: [memories]}\n'],
    ['all are allowed the first', '  - {engine: all, allow: [models]}\n  - {engine: a, allow: [memories]}\n'],
    [
      'a name and its ID',
      '  - {engine: "42", allow: [models]}\n  - {engine: projects/acme-agents/locations/us-central1/reasoningEngines/42, allow: [memories]}\n',
    ],
  ])('is fine when %s', (_, agents) => {
    expect(build(file(agents)).problems).toEqual([]);
  });

  it.each([
    ['only the second is allowed', '  - {engine: a, allow: [memories]}\n'],
    ['another engine is allowed the first', '  - {engine: a, allow: [models]}\n  - {engine: b, allow: [memories]}\n'],
    ['all are allowed the second', '  - {engine: a, allow: [models]}\n  - {engine: all, allow: [memories]}\n'],
    ['a display name looks like all', '  - {engine: ALL, allow: [models]}\n  - {engine: b, allow: [memories]}\n'],
  ])('is a problem when %s', (_, agents) => {
    expect(build(file(agents)).problems).toEqual([
      expect.stringMatching(
        /^agent-gateway\.yaml:6:3: "https:\/\/us-central1-aiplatform\.googleapis\.com" \(and 2 more\) is listed by "models" \(agent-gateway\.yaml:5:3\) and by "memories" \(agent-gateway\.yaml:6:3\).*allow "models" wherever "memories" is allowed\.$/,
      ),
    ]);
  });
});

it('lists what an endpoint stands for once', () => {
  const [, memories] = desiredOf(file('  - {engine: all}\n')).endpoints;
  expect(memories && declaredUrls(memories, SCOPE)).toEqual([
    'https://x.example.com',
    'https://us-central1-aiplatform.googleapis.com',
    'https://us-central1-aiplatform.mtls.googleapis.com',
    'https://aiplatform.us-central1.rep.googleapis.com',
  ]);
});
