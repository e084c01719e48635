import { setFlagsFromString } from 'node:v8';
import { applyCommand } from '../commands/apply.js';
import { planCommand } from '../commands/plan.js';
import { verifyCommand } from '../commands/verify.js';
import { readApplyInputs, readPlanInputs, readVerifyInputs } from '../inputs.js';
import { runStep } from './step.js';

/*
 * V8 gives young objects up to 128 MB as soon as many of them grow old, as the members of a hundred full policies do, and never
 * takes that back; the space it has when everything is loaded does as well. An action has no command line to say so on.
 */
setFlagsFromString('--semi-space-growth-factor=1');

/** What the tiny entry points in `dist/` call. */
export const plan = (): Promise<void> => runStep('plan', readPlanInputs, planCommand);
export const apply = (): Promise<void> => runStep('apply', readApplyInputs, applyCommand);
export const verify = (): Promise<void> => runStep('verify', readVerifyInputs, verifyCommand);
