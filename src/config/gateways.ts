import { fromInput, report, type Context, type Said, type ScopeSoFar } from './context.js';
import { DIRECTIONS, type Desired, type Direction, type GatewayReference } from './desired.js';
import { quote } from './problems.js';
import { isLocation, isProject } from './scope.js';

const GATEWAY_ID = /^[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
const FORMS = 'Write a short name such as my-gateway, or projects/PROJECT/locations/REGION/agentGateways/NAME';

/** Whether the text has the form of a gateway's short name. */
export function isGatewayId(text: string): boolean {
  return GATEWAY_ID.test(text);
}

/** The gateway of each direction: the input, else the file. A direction that neither names is left out. */
export function readGateways(context: Context, scope: ScopeSoFar): Desired['gateways'] {
  const gateways: Partial<Record<Direction, GatewayReference | 'none'>> = {};
  for (const direction of DIRECTIONS) {
    const said = fromInput(context, `${direction}_gateway`) ?? gatewayOfFile(context, direction);
    const gateway = said && readGateway(context, said, scope);
    if (gateway !== undefined) gateways[direction] = gateway;
  }
  return gateways;
}

/** Whether a gateway was named anywhere, well or badly. */
export function namesGateway({ file, inputs }: Context): boolean {
  if (DIRECTIONS.some((direction) => inputs[`${direction}_gateway`].trim() !== '')) return true;
  if (file === undefined || !Object.hasOwn(file.value, 'gateways')) return false;
  return file.value.gateways === undefined || Object.keys(file.value.gateways).length > 0;
}

function gatewayOfFile({ file }: Context, direction: Direction): Said | undefined {
  const text = file?.value.gateways?.[direction];
  return file && text !== undefined ? { text: text.trim(), origin: file.locate(['gateways', direction]) } : undefined;
}

function readGateway(
  context: Context,
  { text, origin }: Said,
  { region }: ScopeSoFar,
): GatewayReference | 'none' | undefined {
  if (text === 'none') return 'none';
  if (text === '') {
    const fix = 'Write none to unbind this direction, or remove the key to leave it as it is.';
    report(context, origin, 'The gateway is empty.', fix);
    return undefined;
  }
  // Without a region there is nothing to resolve a short name with; its absence is reported elsewhere.
  if (isGatewayId(text)) return { location: region ?? '', id: text, origin };
  const [, project, location, id] = /^projects\/([^/]+)\/locations\/([^/]+)\/agentGateways\/([^/]+)$/.exec(text) ?? [];
  if (
    project === undefined ||
    location === undefined ||
    id === undefined ||
    !isProject(project) ||
    !isLocation(location) ||
    !isGatewayId(id)
  ) {
    report(context, origin, `${quote(text)} is not the name of a gateway.`, `${FORMS}, or none to unbind.`);
    return undefined;
  }
  return { project, location, id, origin };
}
