import './v8.js';
import { applyCommand } from '../commands/apply.js';
import { planCommand } from '../commands/plan.js';
import { verifyCommand } from '../commands/verify.js';
import { readApplyInputs, readPlanInputs, readVerifyInputs } from '../inputs.js';
import { runStep } from './step.js';

/** What the tiny entry points in `dist/` call. */
export const plan = (): Promise<void> => runStep('plan', readPlanInputs, planCommand);
export const apply = (): Promise<void> => runStep('apply', readApplyInputs, applyCommand);
export const verify = (): Promise<void> => runStep('verify', readVerifyInputs, verifyCommand);
