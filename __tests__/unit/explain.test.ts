import { describe, expect, it } from '@jest/globals';
import { GrantLost, NotBound, ProjectionMissing, StillRunning } from '../../src/apply/errors.js';
import { byWeight, explain } from '../../src/explain.js';
import { FAILURE_REASONS, type Failure, type FailureReason } from '../../src/failure.js';
import { AuthError, CancelledError, OperationError, ProtocolError, TimeoutError } from '../../src/google/errors.js';
import type { BindingChange } from '../../src/plan/types.js';
import { egressConfig, engineNamed, gatewayNamed, serviceNamed } from '../support/builders.js';
import { apiError, reset } from '../support/errors.js';

const doing = `Binding engine "Support agent" (${engineNamed('1')})`;
const change: BindingChange = {
  layer: 'binding',
  action: 'create',
  engine: engineNamed('1'),
  displayName: 'Support agent',
  egress: { from: null, to: gatewayNamed('egress'), declared: true },
  ingress: { from: null, to: null, declared: false },
};
const operation = `${engineNamed('1')}/operations/7`;
const explained = (error: unknown, otherwise: FailureReason = 'bind-failed'): Failure =>
  explain(error, doing, otherwise);
const all = ({ message, next }: Failure): string => [message, ...next].join('\n');

describe('the reason', () => {
  it.each<[string, unknown, FailureReason]>([
    ['a refused token', apiError(401, 'UNAUTHENTICATED'), 'auth-failed'],
    ['no credentials', new AuthError('missing', 'There are no credentials.'), 'auth-failed'],
    ['a missing permission', apiError(403, 'PERMISSION_DENIED'), 'permission-denied'],
    ['a disabled API', apiError(403, 'PERMISSION_DENIED', { reason: 'SERVICE_DISABLED' }), 'api-disabled'],
    [
      'a disabled API, older form',
      apiError(403, 'PERMISSION_DENIED', { reason: 'accessNotConfigured' }),
      'api-disabled',
    ],
    ['the end of the time', new TimeoutError('over'), 'timeout'],
    ['a cancelled workflow', new CancelledError(), 'cancelled'],
    ['the end of the time while an operation runs', new StillRunning(operation, new TimeoutError('over')), 'timeout'],
    ['a cancelled workflow while an operation runs', new StillRunning(operation, new CancelledError()), 'cancelled'],
    ['a null binding', new NotBound(change, {}), 'not-bound'],
    ['another binding', new NotBound(change, egressConfig('old')), 'not-bound'],
    ['an operation that failed', new OperationError(operation, { code: 13 }), 'bind-failed'],
    ['any other refusal', apiError(400, 'INVALID_ARGUMENT'), 'bind-failed'],
    ['a broken connection', reset(), 'bind-failed'],
    ['an answer that makes no sense', new ProtocolError('half a JSON'), 'bind-failed'],
    ['anything else', new Error('boom'), 'bind-failed'],
    ['what is no error at all', 'boom', 'bind-failed'],
  ])('of %s', (_what, error, reason) => {
    expect(explained(error).reason).toBe(reason);
  });

  it.each<[FailureReason, Error]>([
    ['register-failed', new ProjectionMissing(serviceNamed('stripe'), 180)],
    ['grant-failed', new GrantLost('projects/1/iap', 'principal://x')],
    ['api-error', apiError(500, 'INTERNAL')],
  ])('is %s where that was being done', (otherwise, error) => {
    expect(explained(error, otherwise).reason).toBe(otherwise);
  });
});

describe('the message', () => {
  it.each<[string, unknown, RegExp]>([
    [
      'what Google answered',
      apiError(400, 'INVALID_ARGUMENT', { message: 'Gateway is in another region.' }),
      /Gateway is in another region/,
    ],
    ['the status', apiError(400, 'INVALID_ARGUMENT'), /400 INVALID_ARGUMENT/],
    [
      'the operation that failed, with its code',
      new OperationError(operation, { code: 13, message: 'see pages' }),
      /operations\/7 .*INTERNAL.*13.*see pages/,
    ],
    ['that the update itself went well', new NotBound(change, {}), /ended well.*agentGatewayConfig of .* is null/],
    ['what is bound instead', new NotBound(change, egressConfig('old')), /agentGateways\/old/],
    [
      'which operation still runs',
      new StillRunning(operation, new TimeoutError('over')),
      /operations\/7.*still running.*time limit/,
    ],
    ['that the workflow was cancelled', new CancelledError(), /cancelled/],
    ['what broke', reset(), /ECONNRESET/],
    ['who is missing where', new GrantLost('projects/1/iap', 'principal://x'), /principal:\/\/x .*projects\/1\/iap/],
  ])('says %s', (_what, error, message) => {
    expect(explained(error).message).toMatch(message);
  });

  it.each([apiError(403, 'PERMISSION_DENIED'), new NotBound(change, {}), new TimeoutError('x'), new Error('x')])(
    'says what was being done and on which resource (%#)',
    (error) => {
      expect(explained(error).message).toContain(doing);
    },
  );
});

describe('a run whose time is over', () => {
  it('says what Google answered last, or was waited for', () => {
    const late = new TimeoutError('over', { cause: apiError(503, 'UNAVAILABLE') });
    expect(explained(late).message).toMatch(
      /time limit of this run \(input timeout\) is over\. Last: .* answered 503 /,
    );
    expect(explained(new TimeoutError('over')).message).toMatch(/is over\.$/);
  });
});

describe('a message', () => {
  it.each([new Error('it broke'), new Error('it broke.'), new NotBound(change, {}), apiError(400, 'INVALID_ARGUMENT')])(
    'ends with one full stop (%#)',
    (error) => {
      expect(explained(error).message).toMatch(/[^.]\.$/);
    },
  );
});

describe('what to do next', () => {
  it.each<[string, unknown, RegExp]>([
    ['the role by API', apiError(403, 'PERMISSION_DENIED', { api: 'iap' }), /iap\.admin/],
    ['the role by API', apiError(403, 'PERMISSION_DENIED', { api: 'agentregistry' }), /agentregistry\.editor/],
    ['the role by API', apiError(403, 'PERMISSION_DENIED', { api: 'aiplatform' }), /aiplatform\.user/],
    [
      'the permission, for an API without a usual role',
      apiError(403, 'PERMISSION_DENIED', { api: 'networksecurity' }),
      /permission that Google names/,
    ],
    ['the auth step', apiError(401, 'UNAUTHENTICATED'), /google-github-actions\/auth/],
    ['that running again is safe', new StillRunning(operation, new CancelledError()), /Run again.*picked up/],
    [
      'causes of a failed update',
      new OperationError(operation, { code: 13 }),
      /different gateway[^]*runtime[^]*2026-04-29/,
    ],
    ['what Google names', apiError(400, 'FAILED_PRECONDITION'), /Google names/],
    ['patience', apiError(503, 'UNAVAILABLE'), /run again/],
    ['the quota', apiError(429, 'RESOURCE_EXHAUSTED'), /quota/],
    [
      'the organization policy',
      apiError(400, 'FAILED_PRECONDITION', { reason: 'CUSTOM_ORG_POLICY_VIOLATION' }),
      /organization policy/,
    ],
    ['causes of a null binding', new NotBound(change, {}), /failed to bind[^]*terraform/],
    ['the network', reset(), /network/],
  ])('is %s', (_what, error, next) => {
    expect(explained(error).next.join('\n')).toMatch(next);
  });

  it('is for the role of the organization, where its policy may not be read or written', () => {
    expect(explained(apiError(403, 'PERMISSION_DENIED', { api: 'orgpolicy' })).next[0]).toMatch(
      /orgpolicy\.customConstraints\.get.*orgpolicy\.policy\.get.*roles\/orgpolicy\.policyAdmin on the organization/,
    );
  });

  it('is the command that enables the API, in the project that Google names', () => {
    const metadata = { service: 'iap.googleapis.com', consumer: 'projects/101010' };
    const error = apiError(403, 'PERMISSION_DENIED', { api: 'iap', reason: 'SERVICE_DISABLED', metadata });
    expect(explained(error).next).toEqual([
      'Enable the API: gcloud services enable iap.googleapis.com --project=101010',
    ]);
    const bare = apiError(403, 'PERMISSION_DENIED', { api: 'iap', reason: 'SERVICE_DISABLED' });
    expect(explained(bare).next).toEqual(['Enable the API: gcloud services enable iap.googleapis.com']);
  });

  it('has no causes of a bind where something else was done', () => {
    expect(all(explained(apiError(400, 'INVALID_ARGUMENT'), 'grant-failed'))).not.toMatch(
      /gateway in the same direction/,
    );
  });
});

describe('byWeight', () => {
  const failure = (reason: FailureReason, message = ''): Failure => ({ reason, message, next: [] });

  it('begins with what stops everything else', () => {
    const order: FailureReason[] = [
      'cancelled',
      'auth-failed',
      'permission-denied',
      'api-disabled',
      'register-failed',
      'grant-failed',
      'bind-failed',
      'not-bound',
      'timeout',
      'api-error',
    ];
    const mixed = [...order].reverse().map((reason) => failure(reason));
    expect(byWeight(mixed).map(({ reason }) => reason)).toEqual(order);
  });

  it('keeps equals in their order, and changes nothing', () => {
    const failures = [failure('api-error'), failure('bind-failed', 'a'), failure('bind-failed', 'b')];
    expect(byWeight(failures).map(({ message }) => message)).toEqual(['a', 'b', '']);
    expect(failures[0]?.reason).toBe('api-error');
  });

  it('of none is none', () => {
    expect(byWeight([])).toEqual([]);
  });
});

it('every reason of the contract is there, each once', () => {
  expect(FAILURE_REASONS).toEqual([
    'invalid-input',
    'auth-failed',
    'permission-denied',
    'api-disabled',
    'check-failed',
    'plan-changed',
    'not-approved',
    'register-failed',
    'grant-failed',
    'bind-failed',
    'not-bound',
    'timeout',
    'changes-found',
    'cancelled',
    'api-error',
  ]);
});
