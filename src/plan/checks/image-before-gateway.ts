import type { ObservedEngine } from '../../observe/observed.js';
import type { AgentGateway } from '../../google/types.js';
import type { Check, Found } from './check.js';
import { engineOf, named, newEgress } from './wording.js';

/** What points an image to a certificate bundle that has the gateway's own in it ("Route Agent Runtime traffic" page). */
const CERTIFICATE_VARIABLES = ['SSL_CERT_FILE', 'REQUESTS_CA_BUNDLE', 'GRPC_DEFAULT_SSL_ROOTS_FILE_PATH'];

/**
 * The gateway looks into TLS with certificates of its own authority. An image that is built from source gets that authority
 * when it is built, a container of one's own has to bring it ("Route Agent Runtime traffic through Agent Gateway" page);
 * without it calls end in CERTIFICATE_VERIFY_FAILED.
 */
export const imageBeforeGateway: Check = {
  id: 'image-before-gateway',
  level: 'warning',
  run: ({ observed, bindings }) =>
    newEgress({ observed, bindings }).flatMap((change) => {
      const engine = engineOf(observed, change.engine);
      if (!engine) return [];
      const gateway = change.egress.to ?? '';
      return engine.resource.spec?.containerSpec
        ? ownContainer(engine, gateway)
        : builtBefore(engine, gateway, observed.gateways.egress);
    }),
};

function ownContainer(engine: ObservedEngine, gateway: string): Found[] {
  if (CERTIFICATE_VARIABLES.some((name) => engine.env[name])) return [];
  return [
    {
      message: `Engine ${named(engine)} runs a container of its own and sets none of ${CERTIFICATE_VARIABLES.join(', ')}, so it may not trust the certificates of gateway ${gateway}.`,
      remedy:
        "Install the gateway's agentGatewayCard.rootCertificates in the image and point these variables to the bundle; where the image does so itself, turn this check off.",
    },
  ];
}

function builtBefore(engine: ObservedEngine, gateway: string, observed: AgentGateway | null | undefined): Found[] {
  const { spec, updateTime, createTime } = engine.resource;
  if (!spec?.sourceCodeSpec && !spec?.packageSpec) return [];
  const built = updateTime ?? createTime;
  const since = observed?.createTime;
  if (built === undefined || since === undefined || !(Date.parse(built) < Date.parse(since))) return [];
  return [
    {
      message: `Engine ${named(engine)} was last built before gateway ${gateway} was there, so its image does not have the gateway's certificates.`,
      remedy:
        'Deploy the engine anew from its source once it is bound, so that the image is built with the certificates.',
    },
  ];
}
