import { describe, expect, it } from '@jest/globals';
import { parseCondition, truthOf, type Attributes, type Truth } from '../../../../src/plan/access/truth.js';

const attributes: Attributes = {
  known: new Map<string, string | boolean>([
    ['destination.is_registered', true],
    ['destination.agent_registry.location', 'us-central1'],
    ['destination.agent_registry.endpoint.name', 'projects/1/locations/us-central1/endpoints/e'],
  ]),
  open: 'destination.agent_registry.mcp_server.',
};
const truth = (expression: string): Truth | 'no CEL' => {
  const ast = parseCondition(expression);
  return ast ? truthOf(ast, attributes) : 'no CEL';
};

describe('what a condition says of a destination', () => {
  it.each<[string, Truth]>([
    ['destination.is_registered', true],
    ['destination.is_registered == true', true],
    ['true == destination.is_registered', true],
    ['!destination.is_registered', false],
    ['destination.is_registered != false', true],
    ["destination.agent_registry.location == 'us-central1'", true],
    ["destination.agent_registry.location in ['europe-west4', 'us-central1']", true],
    ["destination.agent_registry.location in ['europe-west4']", false],
    ['destination.agent_registry.location in []', false],
    ["(destination.agent_registry.location) == r'us-central1'", true],
    ["destination.agent_registry.location == '\\u0075s-central1'", true],
    ["destination.agent_registry.location == 'a' || destination.is_registered == true", true],
    ["destination.agent_registry.location == 'a' && destination.other.thing == 'x'", false],
    ["destination.agent_registry.endpoint.name.startsWith('projects/1/')", true],
    ["destination.agent_registry.endpoint.name.endsWith('/endpoints/f')", false],
    ["destination.agent_registry.endpoint.name.contains('/us-')", true],
    ['true', true],
    ['false', false],
  ])('%s is %s', (expression, expected) => {
    expect(truth(expression)).toBe(expected);
  });

  it.each<[string]>([
    ["destination.agent_registry.endpoint.name.matches('.*')"],
    ["destination.agent_registry.endpoint.name.lowerAscii() == 'x'"],
    ['request.time < timestamp("2027-01-01T00:00:00Z")'],
    ["destination['is_registered']"],
    ['has(destination.is_registered)'],
    ['destination.is_registered ? true : false'],
    ['destination.is_registered == 1'],
    ['destination.is_registered == "true"'],
    ['destination.agent_registry.location in destination.list'],
    ["destination.agent_registry.location.startsWith('a', 'b')"],
    ["destination.agent_registry.mcp_server.method == 'tools'"],
    ['1 + 1'],
    ["'text'"],
  ])('%s is unknown', (expression) => {
    expect(truth(expression)).toBe('unknown');
  });

  it.each<[string, Truth]>([
    // Rules about other kinds of destination.
    ["destination.unregistered.host in ['a.example']", false],
    ['destination.unregistered.host.endsWith(".example")', false],
    ["destination.agent_registry.agent.name == 'projects/1/locations/l/agents/a'", false],
    ['destination.agent_registry.tool.annotations.destructive_hint == true', false],
    // True only if an absent attribute is its default, which nobody says.
    ["destination.unregistered.host != 'a.example'", 'unknown'],
    ["!(destination.unregistered.host in ['a.example'])", 'unknown'],
    ["destination.unregistered.path == ''", 'unknown'],
    ['destination.unregistered.host.contains("")', 'unknown'],
    ['destination.agent_registry.flag', false],
    ['!destination.agent_registry.flag', 'unknown'],
    // What does not depend on it counts.
    ["destination.unregistered.host != 'a.example' || destination.is_registered == true", true],
  ])('of what is not there: %s is %s', (expression, expected) => {
    expect(truth(expression)).toBe(expected);
  });

  it.each(['', 'a &&', "destination.is_registered == 'x", '('.repeat(1_000), 'a'.repeat(100_000)])(
    'does not parse %#',
    (expression) => {
      expect(truth(expression)).toBe('no CEL');
    },
  );
});
