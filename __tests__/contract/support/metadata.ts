import { readFileSync } from 'node:fs';
import path from 'node:path';
import { convertActionTemplate, parseAction, type ActionTemplate } from '@actions/workflow-parser/actions/index';
import { NoOperationTraceWriter } from '@actions/workflow-parser/templates/trace-writer';
import {
  isBasicExpression,
  isMapping,
  isScalar,
  isSequence,
} from '@actions/workflow-parser/templates/tokens/type-guards';
import type { TemplateToken } from '@actions/workflow-parser/templates/tokens/template-token';

/** The checkout: what the runner downloads for `uses: owner/bind-agent-gateway@ref`. */
export const ROOT = path.resolve(import.meta.dirname, '../../..');

/** A value of an `action.yml`: text, or an expression without its `${{ }}`. */
export type Value = { readonly text: string } | { readonly expression: string };

export interface StepMetadata {
  readonly id: string;
  /** The action, or empty for a step that runs a script. */
  readonly uses: string;
  /** The script, for bash. */
  readonly run?: Value;
  readonly condition: string;
  readonly with: ReadonlyMap<string, Value>;
}

export interface ActionMetadata {
  readonly inputs: ReadonlyMap<string, { readonly description: string; readonly value: Value }>;
  readonly outputs: ReadonlyMap<string, { readonly description: string; readonly value?: Value }>;
  readonly runs: ActionTemplate['runs'];
  /** Only of a composite action. */
  readonly steps: readonly StepMetadata[];
}

const known = new Map<string, ActionMetadata>();

/**
 * An `action.yml`, read once with GitHub's own parser and schema.
 *
 * @param folder relative to the checkout, empty for the root action
 * @throws Error with every complaint of the schema
 */
export function readAction(folder: string): ActionMetadata {
  const action = known.get(folder) ?? parse(folder);
  known.set(folder, action);
  return action;
}

function parse(folder: string): ActionMetadata {
  const content = readFileSync(path.join(ROOT, folder, 'action.yml'), 'utf8');
  const parsed = parseAction({ name: `${folder || 'root'}/action.yml`, content }, new NoOperationTraceWriter());
  const complaints = parsed.context.errors.getErrors().map((error) => error.message);
  if (complaints.length > 0 || !parsed.value) throw new Error(complaints.join('\n'));
  const template = convertActionTemplate(parsed.context, parsed.value);
  return {
    inputs: new Map(
      (template.inputs ?? []).map((input) => [
        input.id,
        { description: input.description ?? '', value: input.default ? valueOf(input.default) : { text: '' } },
      ]),
    ),
    outputs: new Map(
      (template.outputs ?? []).map((output) => [
        output.id,
        { description: output.description ?? '', ...(output.value ? { value: valueOf(output.value) } : {}) },
      ]),
    ),
    runs: template.runs,
    steps: stepsOf(template, parsed.value),
  };
}

/** The converter knows `id`, `uses` and `if` of a step, but drops `with`: that is read from the tokens. */
function stepsOf(template: ActionTemplate, root: TemplateToken): StepMetadata[] {
  if (template.runs.using !== 'composite') return [];
  const tokens = child(child(root, 'runs'), 'steps');
  const raw = tokens && isSequence(tokens) ? [...tokens] : [];
  return template.runs.steps.map((step, index) => {
    if (!('uses' in step) && !('run' in step)) throw new Error(`Step ${step.id} is of an unknown kind`);
    const inputs = child(raw[index], 'with');
    const entries = inputs && isMapping(inputs) ? [...inputs] : [];
    return {
      id: step.id,
      ...('uses' in step ? { uses: step.uses.value } : { uses: '', run: valueOf(step.run) }),
      condition: step.if.expression,
      with: new Map(entries.map(({ key, value }) => [key.toString(), valueOf(value)])),
    };
  });
}

function child(token: TemplateToken | undefined, key: string): TemplateToken | undefined {
  return token && isMapping(token) ? token.find(key) : undefined;
}

function valueOf(token: TemplateToken): Value {
  if (isBasicExpression(token)) return { expression: token.expression };
  if (isScalar(token)) return { text: token.toString() };
  throw new Error('a scalar was expected');
}
