import { describe, expect, it } from '@jest/globals';
import { ownersOfUrls } from '../../../src/config/host-owners.js';
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
    const owners = ownersOfUrls(endpoints, SCOPE);
    const url = 'https://us-central1-aiplatform.googleapis.com';
    expect(owners.get(url)?.key).toBe('models');
    expect(owners.get('https://x.example.com')?.key).toBe('memories');
    expect(owners.get('https://y.example.com')).toBeUndefined();
  });

  it('is no problem of the file: who may use what is known when the engines are', () => {
    expect(build(file('  - {engine: a, allow: [memories]}\n')).problems).toEqual([]);
  });
});
