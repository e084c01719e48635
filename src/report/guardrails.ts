import { addedGateways, ENFORCEMENT_WORDS, removedGateways } from '../plan/guardrail-text.js';
import { guardrailChanges, isChange, type ConstraintChange, type GuardrailChange, type Plan } from '../plan/types.js';
import { plural } from '../plural.js';
import type { Part } from './fit.js';
import { describeGuardrail } from './kinds.js';
import { code, escapeMarkdown } from './markdown.js';
import { actionCell, foldedTable, RANKS, tableParts, type LayerOptions, type Row } from './parts.js';
import { nodeLabel, writeTexts } from './words.js';

/** Google's longest gateway name, with room for an odd one; a rule has at most 1,000 characters. */
const MAX_NAME = 250;
const MAX_RULE = 1_200;

/** The guardrail layer: which gateways are approved, and where that is enforced. */
export function guardrailParts(plan: Plan, { hashes }: LayerOptions): Part[] {
  const changes = guardrailChanges(plan);
  const kept = changes.filter((change) => !isChange(change));
  return [
    ...tableParts({
      heading: `${hashes} Guardrails (organization policy)`,
      columns: ['', 'Guardrail', 'Change', 'When and why'],
      rows: changes.filter(isChange).map((change) => changedRow(change, plan)),
      what: 'changed guardrails',
      rank: RANKS.changes,
    }),
    ...foldedTable({
      heading: `${plural(kept.length, 'guardrail')} as declared`,
      columns: ['Guardrail', 'Now'],
      rows: kept.map((change) => ({ kind: 'keep', cells: [nameCell(change), nowCell(change)] })),
      what: 'unchanged guardrails',
      rank: RANKS.unchanged,
    }),
  ];
}

function changedRow(change: GuardrailChange, plan: Plan): Row {
  const described = describeGuardrail(change);
  const when = writeTexts(change, plan).map((text) => escapeMarkdown(text));
  return {
    kind: described.kind,
    cells: [actionCell(described), nameCell(change), changeCell(change), when.join('<br>')],
  };
}

function nameCell(change: GuardrailChange): string {
  const node = code(nodeLabel(change.name), MAX_NAME);
  return change.kind === 'constraint'
    ? `approved ${change.direction} gateways of ${node}`
    : `${change.direction} policy on ${node}`;
}

function changeCell(change: GuardrailChange): string {
  if (change.kind === 'policy') {
    const { from, to } = change;
    return [...ruleTexts(change), `${ENFORCEMENT_WORDS[from]}&nbsp;→&nbsp;**${ENFORCEMENT_WORDS[to]}**`].join('<br>');
  }
  return [...ruleTexts(change), ...listTexts(change), ...fieldTexts(change)].join('<br>');
}

function ruleTexts({ fromRule }: GuardrailChange): string[] {
  return fromRule === undefined ? [] : [`instead of ${code(fromRule, MAX_RULE)}`];
}

function listTexts(change: ConstraintChange): string[] {
  const [added, removed] = [addedGateways(change), removedGateways(change)];
  const stays = change.to.length - added.length;
  return [
    ...removed.map((name) => `${code('−')} ${code(name, MAX_NAME)}`),
    ...added.map((name) => `${code('+')} ${code(name, MAX_NAME)}`),
    ...(stays > 0 ? [`${stays} as before`] : []),
  ];
}

/** A new constraint has no old texts to compare with. */
function fieldTexts({ fields }: ConstraintChange): string[] {
  return fields.map(({ field, from, to }) => {
    const [before, after] = [from, to].map((text) => escapeMarkdown(JSON.stringify(text), 600));
    return `${field === 'displayName' ? 'display name' : field} ${before} → ${after}`;
  });
}

function nowCell(change: GuardrailChange): string {
  if (change.kind === 'policy') return ENFORCEMENT_WORDS[change.to];
  return change.to.map((name) => code(name, MAX_NAME)).join('<br>');
}
