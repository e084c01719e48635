import { DIRECTIONS, type Direction } from '../config/desired.js';
import {
  bindingChanges,
  decidingGrants,
  directionOf,
  endpointChanges,
  isRemoval,
  type EndpointChange,
  type GrantChange,
  type Plan,
} from '../plan/types.js';
import { leaves } from '../plan/moves.js';
import { plural } from '../plural.js';
import { groupEngines, type Group } from './groups.js';
import { byDanger, describeBinding, describeEndpoint, describeGrant, type Kind } from './kinds.js';
import { gatewayLabel } from './words.js';

/** What stands for itself in the diagram: a group of engines, a gateway, or an endpoint. */
export interface Node {
  readonly id: string;
  readonly shape: 'engines' | 'gateway' | 'endpoint';
  readonly kind: Kind;
  /** Plain text. */
  readonly lines: readonly string[];
}

/** Traffic that may flow, or may no longer. */
export interface Edge {
  readonly from: string;
  readonly to: string;
  readonly kind: Kind;
  /** Plain text. */
  readonly words: string;
}

export interface Topology {
  readonly nodes: readonly Node[];
  readonly edges: readonly Edge[];
  /** What is not shown, in words. */
  readonly left: readonly string[];
}

/** What a reader takes in at one glance. GitHub's own limits (500 edges, 50,000 characters) are far away. */
const MAX_GROUPS = 8;
const MAX_ENDPOINTS = 12;
const MAX_EDGES = 48;
const MAX_NAMES = 4;

/**
 * Engines, gateways and endpoints of a plan with what connects them. Engines to which the same happens are one node, all
 * that stay as they are another one: what changes has to be seen in a fleet of any size.
 */
export function topologyOf(plan: Plan): Topology {
  const ids = nameNodes(plan);
  const groups = groupEngines(plan);
  const changed = groups.filter(({ isChanged }) => isChanged).sort((a, b) => byDanger(kindOf(a), kindOf(b)));
  const shown = changed.slice(0, MAX_GROUPS);
  const kept = groups.filter(({ isChanged }) => !isChanged);
  const carried = decidingGrants(plan).filter(({ engine }) => engine === undefined);
  const left = decidingGrants(plan).filter(({ why }) => why === 'engine-gone');
  const edges = [
    ...shown.flatMap((group, index) => groupEdges(group, `e${index}`, ids)),
    ...unique(kept.flatMap((group) => groupEdges(group, 'kept', ids))),
    ...unique(carried.map((grant) => grantEdge(grant, 'carried', ids))),
    ...unique(left.map((grant) => grantEdge(grant, 'gone', ids))),
  ];
  const nodes = [
    ...gatewayNodes('ingress', ids, plan),
    ...shown.map((group, index) => groupNode(group, `e${index}`)),
    ...keptNode(kept),
    ...carriedNode(carried),
    ...goneNode(left),
    ...gatewayNodes('egress', ids, plan),
    ...endpointNodes(ids, plan),
  ];
  return limit(nodes, edges, changed.slice(MAX_GROUPS).flatMap(({ names }) => names).length);
}

/** IDs of nodes: never made of names, which may be anything. */
interface NodeIds {
  readonly gateways: Readonly<Record<Direction, ReadonlyMap<string, string>>>;
  readonly services: ReadonlyMap<string, string>;
}

function nameNodes(plan: Plan): NodeIds {
  const number = (names: readonly string[], prefix: string): Map<string, string> =>
    new Map([...new Set(names)].map((name, index) => [name, `${prefix}${index}`]));
  const gateways = (direction: Direction): string[] =>
    bindingChanges(plan).flatMap((change) => {
      const { from, to } = directionOf(change, direction);
      return [to, from].flatMap((name) => name ?? []);
    });
  return {
    gateways: { egress: number(gateways('egress'), 'egress'), ingress: number(gateways('ingress'), 'ingress') },
    services: number(
      endpointChanges(plan).map(({ service }) => service),
      's',
    ),
  };
}

function kindOf({ binding }: Group): Kind {
  return describeBinding(binding).kind;
}

function groupEdges({ binding, grants }: Group, id: string, ids: NodeIds): Edge[] {
  const gateways = DIRECTIONS.flatMap((direction) => {
    const { from, to } = directionOf(binding, direction);
    const edge = (gateway: string, kind: Kind, words: string): Edge => {
      const at = ids.gateways[direction].get(gateway) ?? '';
      return direction === 'egress' ? { from: id, to: at, kind, words } : { from: at, to: id, kind, words };
    };
    const isMoved = leaves(binding).includes(direction);
    if (from === to) return to === null ? [] : [edge(to, 'keep', '')];
    return [
      ...(to === null ? [] : [edge(to, 'add', from === null ? 'bind' : isMoved ? 'move, last' : 're-bind')]),
      ...(from === null ? [] : [edge(from, 'remove', isMoved ? 'unbind, first' : 'unbind')]),
    ];
  });
  return [...gateways, ...grants.map((grant) => grantEdge(grant, id, ids))];
}

function grantEdge(grant: GrantChange, from: string, ids: NodeIds): Edge {
  return { from, to: ids.services.get(grant.service) ?? '', ...describeGrant(grant) };
}

function groupNode(group: Group, id: string): Node {
  const { names } = group;
  const more = names.length > MAX_NAMES ? [`and ${names.length - MAX_NAMES} more`] : [];
  return { id, shape: 'engines', kind: kindOf(group), lines: [...names.slice(0, MAX_NAMES), ...more] };
}

function keptNode(kept: readonly Group[]): Node[] {
  const names = kept.flatMap((group) => group.names);
  if (names.length === 0) return [];
  const lines = names.length === 1 ? names : [`${names.length} unchanged engines`];
  return [{ id: 'kept', shape: 'engines', kind: 'keep', lines }];
}

function carriedNode(carried: readonly GrantChange[]): Node[] {
  const count = new Set(carried.map(({ member }) => member)).size;
  if (count === 0) return [];
  return [{ id: 'carried', shape: 'engines', kind: 'keep', lines: [plural(count, 'other member'), 'carried over'] }];
}

function goneNode(left: readonly GrantChange[]): Node[] {
  const count = new Set(left.map(({ member }) => member)).size;
  if (count === 0) return [];
  return [{ id: 'gone', shape: 'engines', kind: 'remove', lines: [`${plural(count, 'engine')} no longer there`] }];
}

function gatewayNodes(direction: Direction, { gateways }: NodeIds, { scope }: Plan): Node[] {
  return [...gateways[direction]].map(([name, id]) => {
    const lines = [`${direction} gateway`, gatewayLabel(name, scope.project)];
    return { id, shape: 'gateway', kind: 'keep', lines };
  });
}

/** One node per service: two keys may adopt the same one. */
function endpointNodes({ services }: NodeIds, plan: Plan): Node[] {
  const byService = new Map<string, EndpointChange[]>();
  for (const change of endpointChanges(plan)) {
    const known = byService.get(change.service);
    if (known) known.push(change);
    else byService.set(change.service, [change]);
  }
  return [...byService].map(([service, changes]) => {
    const kind = changes.map((change) => describeEndpoint(change).kind).sort(byDanger)[0] ?? 'keep';
    const hosts = Math.max(...changes.map(hostsOf));
    const keys = [...new Set(changes.map(({ key }) => key))].join(', ');
    return { id: services.get(service) ?? '', shape: 'endpoint', kind, lines: [keys, plural(hosts, 'host')] };
  });
}

/** After the run; of a service that goes, those that go with it. */
function hostsOf(change: EndpointChange): number {
  return change.interfaces.filter(({ action }) => isRemoval(change) || action !== 'remove').length;
}

function unique(edges: readonly Edge[]): Edge[] {
  return [...new Map(edges.map((edge) => [JSON.stringify(edge), edge])).values()];
}

/** Cuts to what can be read, changes first, and leaves out what is not connected and does not change. */
function limit(nodes: readonly Node[], edges: readonly Edge[], moreEngines: number): Topology {
  const endpoints = nodes
    .filter(({ shape }) => shape === 'endpoint')
    .sort((a, b) => urgency(a, edges) - urgency(b, edges));
  const hidden = new Set(endpoints.slice(MAX_ENDPOINTS).map(({ id }) => id));
  const known = new Set(nodes.map(({ id }) => id).filter((id) => !hidden.has(id)));
  const possible = edges.filter(({ from, to }) => known.has(from) && known.has(to));
  const shown = [...possible].sort((a, b) => byDanger(a.kind, b.kind)).slice(0, MAX_EDGES);
  const linked = new Set(shown.flatMap(({ from, to }) => [from, to]));
  const visible = nodes.filter(
    ({ id, kind, shape }) => known.has(id) && (linked.has(id) || shape === 'engines' || changes(kind)),
  );
  const left = [
    ...(moreEngines > 0 ? [`${plural(moreEngines, 'more engine')} that change`] : []),
    ...(hidden.size > 0 ? [plural(hidden.size, 'more endpoint')] : []),
    ...(possible.length > shown.length ? [plural(possible.length - shown.length, 'more connection')] : []),
  ];
  return { nodes: visible, edges: possible.filter((edge) => shown.includes(edge)), left };
}

function changes(kind: Kind): boolean {
  return kind !== 'keep' && kind !== 'adopt';
}

/** Endpoints that change come first, then those on which a grant changes. */
function urgency({ id, kind }: Node, edges: readonly Edge[]): number {
  if (changes(kind)) return 0;
  return edges.some((edge) => edge.to === id && changes(edge.kind)) ? 1 : 2;
}
