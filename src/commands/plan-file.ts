import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { z } from 'zod';
import { canonical } from '../plan/canonical.js';
import { planDigest } from '../plan/plan.js';
import type { Plan } from '../plan/types.js';

/**
 * Writes the plan as JSON with sorted keys, so that the same plan gives the same bytes.
 *
 * @returns the file's path, below `RUNNER_TEMP`; its name tells plans of several scopes in one job apart
 */
export async function writePlanFile(plan: Plan, env: NodeJS.ProcessEnv): Promise<string> {
  const folder = path.join(env.RUNNER_TEMP || tmpdir(), 'bind-agent-gateway');
  const { project, region } = plan.scope;
  const name = `plan-${project.replace(/[^a-z0-9-]/g, '-')}-${region}-${plan.digest.slice('sha256:'.length, 19)}.json`;
  await mkdir(folder, { recursive: true });
  const file = path.join(folder, name);
  await writeFile(file, `${JSON.stringify(canonical(plan), null, 2)}\n`);
  return file;
}

const direction = z.looseObject({ from: z.string().nullable(), to: z.string().nullable() });
const guardrail = { layer: z.literal('guardrail'), action: z.string(), direction: z.string(), name: z.string() };
const guardrailSchema = z.discriminatedUnion('kind', [
  z.looseObject({
    ...guardrail,
    kind: z.literal('constraint'),
    from: z.array(z.string()).nullable(),
    fromRule: z.string().optional(),
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
    interfaces: z.array(z.looseObject({ action: z.string(), url: z.string() })),
  }),
  z.looseObject({ layer: z.literal('grant'), action: z.string(), key: z.string(), member: z.string() }),
  z.looseObject({
    layer: z.literal('binding'),
    action: z.string(),
    engine: z.string(),
    displayName: z.string(),
    egress: direction,
    ingress: direction,
  }),
  guardrailSchema,
]);

/** Only what a difference is told from; everything else in the file counts for the digest alone. */
const planFileSchema = z.looseObject({
  schemaVersion: z.literal(1),
  scope: z.looseObject({ project: z.string(), projectNumber: z.string(), region: z.string() }),
  changes: z.array(changeSchema),
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

/**
 * Reads a plan file. The digest in it is not believed.
 *
 * @throws PlanFileError when it cannot be read or is no plan
 */
export async function readPlanFile(file: string): Promise<ReviewedPlan> {
  let content: unknown;
  try {
    content = JSON.parse(await readFile(file, 'utf8'));
  } catch (error) {
    throw new PlanFileError(`The plan file ${file} cannot be read: ${(error as Error).message}`);
  }
  const plan = parseReviewedPlan(content);
  if (!plan) throw new PlanFileError(`${file} is not a plan file of this version (schemaVersion 1)`);
  return plan;
}

/** @returns the plan that some JSON is, its digest computed anew; undefined when it is none */
export function parseReviewedPlan(content: unknown): ReviewedPlan | undefined {
  if (!planFileSchema.safeParse(content).success) return undefined;
  const { scope, changes, digest: named } = content as Plan;
  const digest = planDigest({ scope, changes });
  return { scope, changes, digest, isAltered: named !== digest };
}
