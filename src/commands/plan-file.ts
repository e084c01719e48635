import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { printable } from '../config/problems.js';
import { readTextFile, type Unreadable } from '../config/read-file.js';
import { isTooDeep } from '../google/depth.js';
import { canonical } from '../plan/canonical.js';
import { planDigest } from '../plan/plan.js';
import type { Plan } from '../plan/types.js';
import { outputFolder, scopeName } from './output-folder.js';

/**
 * Writes the plan as JSON with sorted keys, so that the same plan gives the same bytes.
 *
 * @returns the file's path, below `RUNNER_TEMP`; its name tells plans of several scopes in one job apart
 */
export async function writePlanFile(plan: Plan, env: NodeJS.ProcessEnv): Promise<string> {
  const name = `plan-${scopeName(plan.scope)}-${plan.digest.slice('sha256:'.length, 19)}.json`;
  const file = path.join(await outputFolder(env), name);
  await writeFile(file, `${JSON.stringify(canonical(plan), null, 2)}\n`);
  return file;
}

/** A list whose check ends at its first wrong item: a million wrong ones would make a million complaints. */
const listOf = (item: z.ZodType): z.ZodType =>
  z.array(z.unknown()).refine((list) => list.every((each) => item.safeParse(each).success));

const direction = z.looseObject({ from: z.string().nullable(), to: z.string().nullable() });
const guardrail = {
  layer: z.literal('guardrail'),
  action: z.string(),
  direction: z.string(),
  name: z.string(),
  fromRule: z.string().optional(),
};
const guardrailSchema = z.discriminatedUnion('kind', [
  z.looseObject({
    ...guardrail,
    kind: z.literal('constraint'),
    from: z.array(z.string()).nullable(),
    to: z.array(z.string()),
    fields: z.array(z.looseObject({ field: z.string(), from: z.string(), to: z.string() })),
  }),
  z.looseObject({ ...guardrail, kind: z.literal('policy'), from: z.string(), to: z.string() }),
]);
const changeSchema = z.discriminatedUnion('layer', [
  z.looseObject({
    layer: z.literal('endpoint'),
    action: z.string(),
    key: z.string(),
    service: z.string(),
    interfaces: listOf(z.looseObject({ action: z.string(), url: z.string() })),
  }),
  z.looseObject({
    layer: z.literal('grant'),
    action: z.string(),
    key: z.string(),
    member: z.string(),
    replaces: listOf(z.string()).optional(),
  }),
  z.looseObject({
    layer: z.literal('binding'),
    action: z.string(),
    engine: z.string(),
    displayName: z.string(),
    egress: direction,
    ingress: direction,
    moves: z.array(z.string()).optional(),
    recreatedFrom: listOf(z.string()).optional(),
  }),
  guardrailSchema,
]);

/** Only what a difference is told from; everything else in the file counts for the digest alone. */
const planFileSchema = z.looseObject({
  schemaVersion: z.literal(1),
  scope: z.looseObject({ project: z.string(), projectNumber: z.string(), region: z.string() }),
  changes: listOf(changeSchema),
});

/** The file is not a plan, or not one that this version wrote. */
export class PlanFileError extends Error {
  override readonly name = 'PlanFileError';
}

/** A reviewed plan: what it promised to do. */
export interface ReviewedPlan extends Pick<Plan, 'scope' | 'changes'> {
  /** Computed anew from what the file says. */
  readonly digest: string;
  /** The digest that the file names is not that of its content. */
  readonly isAltered: boolean;
}

/** A plan of ten thousand changes has some 7 MB, and some hundred thousand members and items. */
const MOST_BYTES = 20 * 1024 * 1024;
const MOST_MEMBERS = 300_000;

const FAILURES: Readonly<Record<Unreadable['error'], string>> = {
  missing: 'does not exist',
  'not-a-file': 'is not a file',
  'too-large': 'is larger than 20 MB',
  'not-text': 'is not UTF-8 text',
  unreadable: 'cannot be read',
};

/**
 * Reads a plan file. The digest in it is not believed, and nothing of what is in it gets into a message: it may be another
 * file than was meant, with a secret in it.
 *
 * @throws PlanFileError when it cannot be read or is no plan
 */
export async function readPlanFile(file: string): Promise<ReviewedPlan> {
  const shown = printable(file.slice(0, 500));
  const read = await readTextFile(path.resolve(file), MOST_BYTES);
  if ('error' in read) {
    const detail = read.error === 'unreadable' && read.detail !== '' ? ` (${read.detail})` : '';
    throw new PlanFileError(`The plan file ${shown} ${FAILURES[read.error]}${detail}.`);
  }
  const plan = parseReviewedPlan(parseJson(read.text));
  if (!plan) throw new PlanFileError(`${shown} is not a plan file of this version (schemaVersion 1)`);
  return plan;
}

/** The parser's own message would quote the file. */
function parseJson(text: string): unknown {
  let members = 0;
  // Each member and item but the first of a list has a comma; an empty list a bracket alone.
  for (let at = 0; at < text.length; at += 1) if (',[{'.includes(text.charAt(at))) members += 1;
  if (members > MOST_MEMBERS) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** @returns the plan that some JSON is, its digest computed anew; undefined when it is none */
export function parseReviewedPlan(content: unknown): ReviewedPlan | undefined {
  if (isTooDeep(content) || !planFileSchema.safeParse(content).success) return undefined;
  const { scope, changes, digest: named } = content as Plan;
  const digest = planDigest({ scope, changes });
  return { scope, changes, digest, isAltered: named !== digest };
}
