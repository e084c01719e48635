import { parseGatewayName } from '../../google/names.js';
import { groupBy } from '../canonical.js';
import type { GrantChange } from '../types.js';
import { agentName } from './access-wording.js';
import type { Check } from './check.js';
import { listed } from './wording.js';

/**
 * An access policy is bound to a project, and every gateway there that decides by access policies enforces it ("Configure IAM policies"
 * page of Agent Gateway): what a rule allows, it allows at all of them.
 */
export const accessPolicyProjectWide: Check = {
  id: 'access-policy-project-wide',
  level: 'warning',
  run: ({ desired, observed, grants, pruning }) => {
    const neighbours = observed.access?.neighbours ?? [];
    const gain = grants.filter(({ model, action }) => model === 'V2' && action === 'create');
    const lose = desired.prune ? pruning.rules : [];
    if (neighbours.length === 0 || gain.length + lose.length === 0) return [];
    const names = listed(neighbours.map((name) => parseGatewayName(name)?.id ?? name));
    const texts = [
      ...(gain.length > 0 ? [`${agents(gain)} may then pass there, too`] : []),
      ...(lose.length > 0 ? [`${agents(lose)} may then no longer pass there either`] : []),
    ];
    return [
      {
        message: `Access policies count for a whole project, so this plan also changes who may pass the other gateways of project ${observed.registryProject.id} that decide by them (${names}): ${texts.join('; ')}.`,
        remedy:
          'Nothing has to be done where an agent passes one gateway only. A gateway that must decide otherwise has to be in another project.',
      },
    ];
  },
};

function agents(grants: readonly GrantChange[]): string {
  const byAgent = groupBy(grants, agentName);
  return listed([...byAgent].map(([name, of]) => `${name} (${listed([...new Set(of.map(({ key }) => key))])})`));
}
