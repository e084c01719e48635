import type { ASTNode } from '@marcbachmann/cel-js';
import { parseRegistryResource, type RegistryResourceName } from '../../google/names.js';
import type { AccessRule } from '../../google/types.js';
import { ATTRIBUTE_OF, EGRESS_PERMISSION, IAP_SERVICE, nameOf, type Destination } from './matches.js';
import { parseCondition, pathOf } from './truth.js';

const IS_REGISTERED = 'destination.is_registered';

/**
 * The condition that makes a rule one about a single destination. It is named with the project's number and with its ID: which of
 * them a gateway compares with is not documented (both are seen in live rules). Each clause is in parentheses, as the console
 * wants it. Nothing needs escaping: names have no quotes (`parseRegistryResource`).
 */
export function conditionFor(destination: Destination): NonNullable<AccessRule['conditions']> {
  const { resource, project, serviceId } = destination;
  const names = [project.number, project.id].map((name) => `'${nameOf({ resource }, name)}'`).join(', ');
  const expression = `(${IS_REGISTERED} == true) && (${attributeOf(resource)} in [${names}])`;
  return { [IAP_SERVICE]: { title: serviceId, expression } };
}

/**
 * A rule as this action writes it for this destination, whoever is in it. What the server may rewrite does not matter: the order of
 * clauses and names, spaces and parentheses, the project's ID in place of its number.
 */
export function isRuleFor(rule: AccessRule, destination: Destination): boolean {
  const { effect, excludedPrincipals = [], operation = {}, conditions = {} } = rule;
  const { permissions = [], excludedPermissions = [] } = operation;
  const { [IAP_SERVICE]: condition, ...others } = conditions;
  const isPlain = excludedPrincipals.length === 0 && excludedPermissions.length === 0 && !Object.keys(others).length;
  const isEgress = permissions.length > 0 && permissions.every((permission) => permission === EGRESS_PERMISSION);
  if (effect !== 'ALLOW' || !isPlain || !isEgress) return false;
  return isAboutOnly(condition?.expression ?? '', destination);
}

function isAboutOnly(expression: string, { resource, project }: Destination): boolean {
  const ast = parseCondition(expression);
  if (ast?.op !== '&&') return false;
  const clauses = ast.args;
  const named = clauses.flatMap((clause) => namesIn(clause, resource) ?? []);
  if (!clauses.some(isRegistered) || named.length === 0) return false;
  return named.every((name) => {
    const parsed = parseRegistryResource(name);
    return (
      parsed?.collection === resource.collection &&
      parsed.location === resource.location &&
      parsed.id === resource.id &&
      [project.id, project.number].includes(parsed.project)
    );
  });
}

function isRegistered(node: ASTNode): boolean {
  if (node.op !== '==') return false;
  const [left, right] = node.args;
  const is = (a: ASTNode, b: ASTNode): boolean => pathOf(a) === IS_REGISTERED && b.op === 'value' && b.args === true;
  return is(left, right) || is(right, left);
}

/** @returns the literal names in `<name of this kind> in [...]` */
function namesIn(node: ASTNode, resource: RegistryResourceName): string[] | undefined {
  if (node.op !== 'in') return undefined;
  const [attribute, list] = node.args;
  if (pathOf(attribute) !== attributeOf(resource) || list.op !== 'list') return undefined;
  // What is no text is no name of anything, and shows that somebody else wrote this.
  return list.args.map((item) => (item.op === 'value' && typeof item.args === 'string' ? item.args : ''));
}

function attributeOf({ collection }: Pick<RegistryResourceName, 'collection'>): string {
  return `destination.agent_registry.${ATTRIBUTE_OF[collection].field}.name`;
}
