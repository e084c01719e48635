import './v8.js';
import { setFlagsFromString } from 'node:v8';
import { applyCommand } from '../commands/apply.js';
import { planCommand } from '../commands/plan.js';
import { verifyCommand } from '../commands/verify.js';
import { readApplyInputs, readPlanInputs, readVerifyInputs } from '../inputs.js';
import { runStep } from './step.js';

/*
 * A hundred full policies take some tens of megabytes, and to read, merge and write them some hundred. V8 would let that pile up:
 * up to 128 MB of young objects once many of them grow old, and four times what is in use. It has room to breathe with the space
 * for young objects that it has when everything is loaded, which is why this stands here, and with twice what is in use.
 */
setFlagsFromString('--semi-space-growth-factor=1 --heap-growing-percent=100');

/** What the tiny entry points in `dist/` call. */
export const plan = (): Promise<void> => runStep('plan', readPlanInputs, planCommand);
export const apply = (): Promise<void> => runStep('apply', readApplyInputs, applyCommand);
export const verify = (): Promise<void> => runStep('verify', readVerifyInputs, verifyCommand);
