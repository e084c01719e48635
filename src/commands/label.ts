import type { Desired } from '../config/desired.js';

/** @returns what tells comments and issues of several configs and scopes apart, where no input does */
export function defaultLabel({ config = 'inputs', project, region }: Desired): string {
  return [config, project, region].join(' · ');
}
