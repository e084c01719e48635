import { DIRECTIONS } from '../config/desired.js';
import {
  bindingChanges,
  directionOf,
  endpointChanges,
  grantChanges,
  guardrailChanges,
  type BindingChange,
  type ConstraintChange,
  type EndpointChange,
  type Finding,
  type GrantChange,
  type GuardrailChange,
  type Plan,
} from '../plan/types.js';
import { addedGateways, guardrailText, removedGateways } from '../plan/guardrail-text.js';
import { redactText, redactUrl } from '../redact.js';
import { displayNames, engineId, losersOf, oneOf } from './engine-names.js';
import { grantedWith, modelLines } from './grant-model.js';
import { countsLine, gatewayLabel, MARKS, REMOVAL_REASONS, scopeLine, sourceOf, UNASKED, writeTexts } from './words.js';

/** A folded part of the log. */
export interface Section {
  readonly title: string;
  readonly lines: readonly string[];
}

/**
 * The plan for the log: a section per layer, each change with the reason for every host.
 *
 * @returns plain text; its values come from outside and are escaped by the log
 */
export function planSections(plan: Plan): Section[] {
  const endpoints = endpointChanges(plan);
  const grants = grantChanges(plan);
  const bindings = bindingChanges(plan);
  const guardrails = guardrailChanges(plan);
  return [
    {
      title: `Endpoints (Agent Registry): ${actions(endpoints)}`,
      lines: endpoints.flatMap((change) => endpointLines(change, plan)),
    },
    {
      title: `Grants (${grantedWith(plan)}): ${actions(grants)}`,
      lines: [...modelLines(plan), ...grantLines(grants, plan)],
    },
    {
      title: `Bindings (agentGatewayConfig): ${actions(bindings)}`,
      lines: bindings.flatMap((change) => bindingLines(change, plan.scope.project)),
    },
    {
      title: `Guardrails (organization policy): ${actions(guardrails)}`,
      lines: guardrails.flatMap((change) => guardrailLines(change, plan)),
    },
  ]
    .filter(({ lines }) => lines.length > 0)
    .map(({ title, lines }) => ({ title, lines: lines.map(redactText) }));
}

/** @returns one line that says what the plan would do, with its scope */
export function planHeadline(plan: Plan): string {
  return `Plan for ${scopeLine(plan)}: ${countsLine(plan)}`;
}

/** @returns the finding as one text: what, then what to do */
export function findingText({ id, message, remedy }: Finding): string {
  return `${redactText(message)} ${redactText(remedy)} [${id}] (docs/checks.md#${id})`;
}

function actions(changes: readonly { action: string }[]): string {
  const counts = new Map<string, number>();
  for (const { action } of changes) counts.set(action, (counts.get(action) ?? 0) + 1);
  return [...counts].map(([action, count]) => `${count} ${action}`).join(', ') || 'none';
}

function endpointLines(change: EndpointChange, plan: Plan): string[] {
  const title = `${MARKS[change.action]} ${change.key}: ${change.action} ${change.service}`;
  const fields = change.fields.map(
    ({ field, from, to }) => `    ${field}: ${JSON.stringify(from)} -> ${JSON.stringify(to)}`,
  );
  const interfaces = change.interfaces.map(({ action, url, protocol, reason }) => {
    const mark = { add: '+', remove: '-', change: '~', keep: ' ' }[action];
    const why = reason || (change.action === 'adopt' ? UNASKED : '');
    return `    ${mark} ${redactUrl(url)}${protocol ? ` [${protocol}]` : ''}${why ? `  ${why}` : ''}`;
  });
  const losers = losersOf(change, plan).map((name) => `    ${JSON.stringify(name)} loses it`);
  return [title, ...fields, ...interfaces, ...losers];
}

function grantLines(grants: readonly GrantChange[], plan: Plan): string[] {
  const nameOf = displayNames(plan);
  return grants.map((grant) => {
    const { action, key, member, condition, model } = grant;
    const when = condition ? `, only if ${condition.expression}` : '';
    return `${MARKS[action]} ${key}: ${whoText(grant, nameOf)} ${member}${when}${model ? ` [${model}]` : ''}`;
  });
}

function whoText(grant: GrantChange, nameOf: (engine: string) => string): string {
  const { displayName, why, replaces, replacedBy } = grant;
  if (why === 'engine-gone') {
    const now = replacedBy === undefined ? '' : `, recreated as ${JSON.stringify(nameOf(replacedBy))}`;
    return `engine is gone${now},`;
  }
  if (displayName === undefined) return sourceOf(grant);
  const name = JSON.stringify(displayName);
  if (why) return `${name} ${REMOVAL_REASONS[why]},`;
  return replaces ? `${name}, recreated, was ${oneOf(replaces.map(engineId))},` : name;
}

function bindingLines(change: BindingChange, project: string): string[] {
  const directions = DIRECTIONS.map((direction) => {
    const { from, to, declared } = directionOf(change, direction);
    const [before, after] = [gatewayLabel(from, project), gatewayLabel(to, project)];
    if (!declared) return `    ${direction}: ${before} (not declared, left as it is)`;
    const how = change.moves?.includes(direction) ? MOVE_WORDS[from === null ? 'comes' : 'leaves'] : '';
    return `    ${direction}: ${before === after ? before : `${before} -> ${after}`}${how}`;
  });
  const { recreatedFrom } = change;
  const anew = recreatedFrom ? `, recreated, was ${oneOf(recreatedFrom.map(engineId))}` : '';
  return [
    `${MARKS[change.action]} ${JSON.stringify(change.displayName)} ${change.engine}: ${change.action}${anew}`,
    ...directions,
  ];
}

/** How an engine comes to a gateway whose slot another one may still have. */
const MOVE_WORDS = {
  leaves: ' (move: unbound first, bound again once all engines have left their gateway)',
  comes: ' (bound once the slot of the other gateway is free)',
} as const;

function guardrailLines(change: GuardrailChange, plan: Plan): string[] {
  return [
    `${MARKS[change.action]} ${change.direction} ${change.kind} ${change.name}: ${change.action}`,
    ...(change.kind === 'policy' ? [`    ${guardrailText(change)}`] : constraintLines(change)),
    ...writeTexts(change, plan).map((text) => `    ${text}`),
  ];
}

/** Every gateway that is approved before or after, line by line. */
function constraintLines(change: ConstraintChange): string[] {
  const [added, removed] = [addedGateways(change), removedGateways(change)];
  return [
    ...(change.fromRule === undefined ? [] : [`    instead of ${change.fromRule}`]),
    ...removed.map((name) => `    - ${name}`),
    ...change.to.map((name) => `    ${added.includes(name) ? '+' : ' '} ${name}`),
    ...change.fields.map(({ field, from, to }) => `    ${field}: ${JSON.stringify(from)} -> ${JSON.stringify(to)}`),
  ];
}
