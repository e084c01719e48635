import { describe, expect, it } from '@jest/globals';
import * as z from 'zod';
import { PRESET_NAMES } from '../../../src/config/presets.js';
import { configSchema, knownKeys } from '../../../src/config/schema.js';
import { KNOWN_CHECKS } from './helpers.js';

interface JsonSchema {
  description?: string;
  properties?: Record<string, JsonSchema>;
  additionalProperties?: JsonSchema | boolean;
  items?: JsonSchema;
  enum?: string[];
  pattern?: string;
  propertyNames?: { pattern?: string };
}

const schema = configSchema(KNOWN_CHECKS);

describe('JSON schema for editors', () => {
  const json = z.toJSONSchema(schema) as JsonSchema;

  it('describes every key', () => {
    const bare: string[] = [];
    const visit = (node: JsonSchema, path: string): void => {
      for (const [key, child] of Object.entries(node.properties ?? {})) {
        if (child.description === undefined) bare.push(`${path}.${key}`);
        visit(child, `${path}.${key}`);
      }
      if (typeof node.additionalProperties === 'object') visit(node.additionalProperties, `${path}.*`);
      if (node.items) visit(node.items, `${path}[]`);
    };
    visit(json, '');
    expect(bare).toEqual([]);
  });

  it('knows presets, checks, protocols and the form of keys and URLs', () => {
    const endpoints = json.properties?.endpoints;
    const endpoint = endpoints?.additionalProperties as JsonSchema;
    expect(endpoint.properties?.presets?.items?.enum).toEqual(PRESET_NAMES);
    expect(endpoint.properties?.protocol?.enum).toEqual(['jsonrpc', 'http-json', 'grpc']);
    expect(endpoint.properties?.urls?.items?.pattern).toContain('://');
    expect(endpoints?.propertyNames?.pattern).toBe('^[a-z][a-z0-9-]{2,61}[a-z0-9]$');
    expect(Object.keys(json.properties?.checks?.properties ?? {})).toEqual(KNOWN_CHECKS.map(({ id }) => id));
    expect(json.additionalProperties).toBe(false);
  });
});

describe('knownKeys', () => {
  it.each([
    [['gateways'], ['egress', 'ingress']],
    [
      ['agents', 3],
      ['engine', 'allow'],
    ],
    [
      ['endpoints', 'constructor'],
      ['display_name', 'presets', 'urls', 'protocol', 'carry_over'],
    ],
    [['endpoints'], []],
    [['constructor'], []],
    [['nowhere', 'else'], []],
  ])('%j', (path, keys) => {
    expect(knownKeys(schema, path)).toEqual(keys);
  });
});
