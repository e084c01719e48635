import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { Problem } from '../../src/config/problems.js';
import { readApplyInputs, readPlanInputs, readVerifyInputs } from '../../src/inputs.js';

/** The real @actions/core: inputs come from the environment, and masks go to standard output. */
const before = { ...process.env };
let written: string[] = [];

beforeEach(() => {
  written = [];
  jest.spyOn(process.stdout, 'write').mockImplementation((chunk) => {
    written.push(String(chunk));
    return true;
  });
});
afterEach(() => {
  jest.restoreAllMocks();
  process.env = { ...before };
});

function given(inputs: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(inputs)) process.env[`INPUT_${name.toUpperCase()}`] = value;
}

const namesOf = (problems: readonly Problem[]): string[] =>
  problems.map(({ origin }) => (origin.kind === 'input' ? origin.input : 'file'));

describe('inputs that are not given', () => {
  it('are empty or have their defaults', () => {
    expect(readApplyInputs()).toEqual({
      problems: [],
      inputs: {
        desired: {
          config: '',
          project_id: '',
          region: '',
          engines: '',
          egress_gateway: '',
          ingress_gateway: '',
          allow: '',
        },
        apiVersion: 'v1beta1',
        accessToken: '',
        universe: 'googleapis.com',
        requestReason: '',
        githubToken: '',
        comment: 'auto',
        commentLabel: '',
        approval: 'none',
        planFile: '',
        planDigest: '',
        prune: false,
        propagationWaitMs: 120_000,
        rollback: false,
        engineWritesPerMinute: 10,
        timeoutMs: 1_800_000,
      },
    });
    expect(readPlanInputs()).toMatchObject({ problems: [], inputs: { failOnChanges: false } });
    expect(readVerifyInputs()).toMatchObject({ problems: [], inputs: { timeoutMs: 1_800_000 } });
  });
});

describe('inputs that are given', () => {
  const digest = `sha256:${'0af9'.repeat(16)}`;
  it.each<[string, string, string, unknown]>([
    ['config', 'agents.yaml', 'desired.config', 'agents.yaml'],
    ['project_id', ' acme-agents ', 'desired.project_id', 'acme-agents'],
    ['region', 'us-central1', 'desired.region', 'us-central1'],
    ['engines', 'a, b\nc', 'desired.engines', 'a, b\nc'],
    ['egress_gateway', 'none', 'desired.egress_gateway', 'none'],
    ['ingress_gateway', 'front', 'desired.ingress_gateway', 'front'],
    ['allow', 'gemini', 'desired.allow', 'gemini'],
    ['api_version', 'v1', 'apiVersion', 'v1'],
    ['access_token', 'ya29.abc', 'accessToken', 'ya29.abc'],
    ['universe', 's3nsapis.fr', 'universe', 's3nsapis.fr'],
    ['request_reason', 'ticket 4711: why?', 'requestReason', 'ticket 4711: why?'],
    ['request_reason', 'größer', 'requestReason', 'größer'],
    ['comment', 'always', 'comment', 'always'],
    ['comment_label', 'production', 'commentLabel', 'production'],
    ['approval', 'comment', 'approval', 'comment'],
    ['github_token', 'ghs_1', 'githubToken', 'ghs_1'],
    ['plan_file', '/tmp/plan.json', 'planFile', '/tmp/plan.json'],
    ['plan_digest', digest, 'planDigest', digest],
    ['propagation_wait', '0', 'propagationWaitMs', 0],
    ['propagation_wait', '3600', 'propagationWaitMs', 3_600_000],
    ['timeout', '0.5', 'timeoutMs', 30_000],
    ['timeout', '1440', 'timeoutMs', 86_400_000],
  ])('%s %j', (name, value, where, expected) => {
    given({ [name]: value });
    const { inputs, problems } = readApplyInputs();
    expect(problems).toEqual([]);
    expect(inputs).toHaveProperty(where, expected);
  });

  it.each([
    ['true', true],
    ['TRUE', true],
    ['False', false],
  ])('fail_on_changes %j', (value, expected) => {
    given({ fail_on_changes: value });
    expect(readPlanInputs()).toMatchObject({ problems: [], inputs: { failOnChanges: expected } });
  });
});

describe('an input that is wrong', () => {
  it.each([
    ['api_version', 'v2'],
    ['api_version', 'V1'],
    ['universe', 'https://googleapis.com'],
    ['universe', 'googleapis'],
    ['universe', 'GOOGLEAPIS.COM'],
    ['request_reason', 'line\nline'],
    ['request_reason', 'x'.repeat(501)],
    ['plan_digest', 'sha256:abc'],
    ['plan_digest', `sha256:${'A'.repeat(64)}`],
    ['plan_digest', '0'.repeat(64)],
    ['propagation_wait', '-1'],
    ['propagation_wait', '3601'],
    ['propagation_wait', '2m'],
    ['propagation_wait', '1e3'],
    ['propagation_wait', '0x10'],
    ['timeout', '0'],
    ['timeout', '1441'],
    ['timeout', 'NaN'],
    ['timeout', 'Infinity'],
    ['comment', 'sometimes'],
    ['comment_label', 'one\ntwo'],
    ['comment_label', 'x'.repeat(201)],
    ['approval', 'everybody'],
    ['access_token', 'two tokens'],
    ['access_token', 'a\nb'],
  ])('%s %j is one problem, with a fix, and names the input', (name, value) => {
    given({ [name]: value });
    const { problems } = readApplyInputs();
    expect(namesOf(problems)).toEqual([name]);
    expect(problems[0]?.fix).toBeTruthy();
  });

  it.each(['yes', '1', 'on'])('fail_on_changes %j is not guessed at', (value) => {
    given({ fail_on_changes: value });
    expect(readPlanInputs()).toMatchObject({ inputs: { failOnChanges: false } });
    expect(namesOf(readPlanInputs().problems)).toEqual(['fail_on_changes']);
  });

  it('does not hide another one: all are told at once', () => {
    given({ timeout: 'x', universe: 'x', api_version: 'x', propagation_wait: 'x', plan_digest: 'x', prune: 'x' });
    expect(namesOf(readApplyInputs().problems).sort()).toEqual([
      'api_version',
      'plan_digest',
      'propagation_wait',
      'prune',
      'timeout',
      'universe',
    ]);
  });

  it('is cut where it is shown', () => {
    given({ timeout: 'x'.repeat(10_000) });
    expect(readApplyInputs().problems[0]?.message.length).toBeLessThan(200);
  });
});

describe('rollback', () => {
  it.each([
    ['', false],
    ['false', false],
    ['True', true],
  ])('%j', (rollback, expected) => {
    given({ rollback });
    expect(readApplyInputs()).toMatchObject({ inputs: { rollback: expected }, problems: [] });
  });
});

describe('secrets', () => {
  const masked = (): string[] => written.filter((line) => line.startsWith('::add-mask::')).map((line) => line.trim());

  it.each([readPlanInputs, readApplyInputs, readVerifyInputs])(
    'are masked before anything else is said (%#)',
    (read) => {
      given({ access_token: 'ya29.secret', github_token: 'ghs_secret' });
      read();
      expect(masked()).toEqual(['::add-mask::ya29.secret', '::add-mask::ghs_secret']);
      expect(written[0]).toMatch(/^::add-mask::/);
    },
  );

  it('that are wrong are masked, and not shown in the problem', () => {
    given({ access_token: 'ya29.secret with a blank' });
    const { problems, inputs } = readApplyInputs();
    expect(masked()).toEqual(['::add-mask::ya29.secret with a blank']);
    expect(JSON.stringify(problems)).not.toContain('ya29');
    expect(inputs.accessToken).toBe('');
  });

  it.each(['ghs_secret\nghs_other', 'ghs_secret\u2026', 'ghs_secret x', 'ghs_secret\u0000'])(
    'for GitHub are held to the same rule, or a header would refuse them and quote them: %j',
    (token) => {
      given({ github_token: token });
      const { problems, inputs } = readPlanInputs();
      expect(problems.map(({ origin }) => origin)).toEqual([{ kind: 'input', input: 'github_token' }]);
      expect(JSON.stringify(problems)).not.toContain('ghs_');
      expect(inputs.githubToken).toBe('');
    },
  );

  it('that are not given make no empty mask', () => {
    readApplyInputs();
    expect(masked()).toEqual([]);
  });
});
