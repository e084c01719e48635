import { buildDesired, type BuildArgs } from '../config/build.js';
import type { Desired } from '../config/desired.js';
import { loadConfig } from '../config/load.js';
import { inputOrigin, problem, type Problem } from '../config/problems.js';
import { abortable } from '../google/abort.js';
import { createCredentials, type Credentials } from '../google/auth.js';
import { AuthError } from '../google/errors.js';
import { createHosts, EndpointOverrideError, type Hosts } from '../google/hosts.js';
import { createGoogle, type Google } from '../google/index.js';
import type { CommonInputs, Read } from '../inputs.js';
import { CHECKS } from '../plan/checks/catalog.js';
import { InvalidInput, type Session } from './session.js';

/** A valid desired state and the clients to work on it. */
export interface Prepared {
  readonly desired: Desired;
  readonly google: Google;
}

/**
 * Reads the desired state and sets up the clients. Nothing is sent to Google before everything is known to be valid.
 *
 * @throws InvalidInput with every problem there is, CancelledError or TimeoutError
 */
export async function prepare({ inputs, problems }: Read<CommonInputs>, session: Session): Promise<Prepared> {
  const { universe } = inputs;
  const credentials = createCredentials({
    ...(inputs.accessToken === '' ? {} : { accessToken: inputs.accessToken }),
    universe,
    env: session.env,
    onToken: session.mask,
  });
  const loaded = await loadConfig(inputs.desired.config, session.env.GITHUB_WORKSPACE);
  const built = await build(
    {
      ...(loaded.file ? { file: loaded.file } : {}),
      unreadable: loaded.problems.length > 0,
      inputs: inputs.desired,
      prune: inputs.prune,
      universe,
      checks: CHECKS,
      ...(session.env.GITHUB_REPOSITORY ? { repository: session.env.GITHUB_REPOSITORY } : {}),
    },
    credentials,
    session.signal,
  );
  const hosts = readHosts(universe, built.desired?.region ?? inputs.desired.region, session.env);
  const all = [...problems, ...loaded.problems, ...built.problems, ...hosts.problems];
  if (all.length > 0 || !built.desired || !hosts.hosts) throw new InvalidInput(all);
  const google = createGoogle({
    fetch: session.fetch,
    credentials,
    hosts: hosts.hosts,
    clock: session.clock,
    signal: session.signal,
    deadline: session.deadline,
    apiVersion: inputs.apiVersion,
    ...(inputs.requestReason === '' ? {} : { requestReason: inputs.requestReason }),
    log: (line) => session.log.debug(line),
    random: session.random,
  });
  return { desired: built.desired, google };
}

/**
 * The environment and the credentials are asked for a project only when nothing else names one: asking may mean to look
 * for a metadata server.
 */
async function build(
  args: Omit<BuildArgs, 'defaults'>,
  credentials: Credentials,
  signal: AbortSignal,
): Promise<ReturnType<typeof buildDesired>> {
  const built = buildDesired({ ...args, defaults: {} });
  if (!built.lacksProject) return built;
  try {
    const project = await abortable(() => credentials.projectId(), signal);
    return project === undefined ? built : buildDesired({ ...args, defaults: { project } });
  } catch (error) {
    // What is wrong with the credentials is said when they are needed; here they were only a place to look.
    if (error instanceof AuthError) return built;
    throw error;
  }
}

function readHosts(
  universe: string,
  region: string,
  env: NodeJS.ProcessEnv,
): { hosts?: Hosts; problems: readonly Problem[] } {
  try {
    return { hosts: createHosts({ universe, region, env }), problems: [] };
  } catch (error) {
    if (!(error instanceof EndpointOverrideError)) throw error;
    const problems = error.problems.map(({ variable, reason }) =>
      problem(inputOrigin(variable), `${variable} ${reason}`, 'Correct it or remove it.'),
    );
    return { problems };
  }
}
