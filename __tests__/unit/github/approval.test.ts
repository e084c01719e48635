import { describe, expect, it } from '@jest/globals';
import { readApproval } from '../../../src/github/approval.js';
import { ApprovalUnreadableError } from '../../../src/github/errors.js';
import { CancelledError } from '../../../src/google/errors.js';
import { BOT, problem, TOKENS } from '../../contract/support/github.js';
import { thrownBy } from '../../support/errors.js';
import { chat, parseMarker, planBody, PULL, useDesk, type Desk } from './helpers.js';

const desk = useDesk();
const read = ({ github, comments }: Desk) => readApproval({ github, comments, parseMarker }, PULL, 'a');
const isEditorQuestion = (body: Readonly<Record<string, unknown>>): boolean => String(body.query).includes('editor');

describe('the plan comment approves', () => {
  it('what it shows', async () => {
    const here = await desk();
    chat(here.server, 3);
    const { id } = here.server.add({ pull: 7, author: BOT, body: planBody('a', 'sha256:abc') });
    expect(await read(here)).toEqual({
      status: 'found',
      digest: 'sha256:abc',
      body: planBody('a', 'sha256:abc'),
      url: `https://github.com/acme/agents/pull/7#issuecomment-${id}`,
    });
  });

  it.each([TOKENS.JOB, TOKENS.OTHER_APP, TOKENS.PERSON])('what its author changed it to: %s', async (token) => {
    const here = await desk({ token });
    await here.comments.upsert({
      pull: PULL,
      label: 'a',
      body: () => planBody('a', 'sha256:1'),
      createIfMissing: true,
    });
    await here.comments.upsert({
      pull: PULL,
      label: 'a',
      body: () => planBody('a', 'sha256:2'),
      createIfMissing: true,
    });
    expect(here.server.comments[0]?.editor).not.toBeNull();
    expect(await read(here)).toMatchObject({ status: 'found', digest: 'sha256:2' });
  });

  it('what stood there when the editor was looked up, not what was read before', async () => {
    const here = await desk();
    const { id } = here.server.add({ pull: 7, author: BOT, body: planBody('a', 'sha256:1') });
    here.server.before.push(({ body }) => {
      if (isEditorQuestion(body)) here.server.edit(id, BOT, planBody('a', 'sha256:2'));
      return undefined;
    });
    expect(await read(here)).toMatchObject({ status: 'found', digest: 'sha256:2', body: planBody('a', 'sha256:2') });
  });
});

describe('the plan comment approves nothing', () => {
  it('when there is none', async () => {
    const here = await desk();
    here.server.add({ pull: 7, author: BOT, body: planBody('another label') });
    here.server.add({ pull: 7, author: 'mallory', body: planBody('a', 'sha256:forged') });
    expect(await read(here)).toEqual({ status: 'none' });
  });

  it.each(['mallory', 'github-actions', 'planner[bot]'])('when %s edited it last', async (editor) => {
    const here = await desk();
    const { id } = here.server.add({ pull: 7, author: BOT, body: planBody('a', 'sha256:1') });
    here.server.edit(id, editor, planBody('a', 'sha256:forged'));
    expect(await read(here)).toEqual({
      status: 'edited-by-other',
      url: `https://github.com/acme/agents/pull/7#issuecomment-${id}`,
      editor: editor.replace('[bot]', ''),
    });
  });

  it('when somebody edits it between the two questions', async () => {
    const here = await desk();
    const { id } = here.server.add({ pull: 7, author: BOT, body: planBody('a', 'sha256:1') });
    here.server.before.push(({ body }) => {
      if (isEditorQuestion(body)) here.server.edit(id, 'mallory', planBody('a', 'sha256:forged'));
      return undefined;
    });
    expect(await read(here)).toMatchObject({ status: 'edited-by-other', editor: 'mallory' });
  });

  it.each([
    { lastEditedAt: '2026-11-22T20:00:00Z', editor: null, author: { __typename: 'Bot', login: 'github-actions' } },
    { lastEditedAt: '2026-11-22T20:00:00Z', editor: { login: 'x' }, author: { login: 'y' } },
    { lastEditedAt: '2026-11-22T20:00:00Z', editor: {}, author: {} },
    { lastEditedAt: null, editor: { __typename: 'User', login: 'x' }, author: { __typename: 'Bot', login: 'x' } },
  ])('when it was edited and GitHub does not name the author as editor: %j', async (fields) => {
    const here = await desk();
    here.server.add({ pull: 7, author: BOT, body: planBody('a') });
    here.server.before.push(({ body }) =>
      isEditorQuestion(body) ? Response.json({ data: { node: { body: planBody('a'), ...fields } } }) : undefined,
    );
    expect(await read(here)).toMatchObject({ status: 'edited-by-other' });
  });

  it.each([
    ['its author took the marker away', (here: Desk, id: number) => here.server.edit(id, BOT, 'gone')],
    ['its author gave it another label', (here: Desk, id: number) => here.server.edit(id, BOT, planBody('b'))],
    ['it was deleted', (here: Desk) => void (here.server.comments.length = 0)],
  ])('when %s in between', async (_what, change) => {
    const here = await desk();
    const { id } = here.server.add({ pull: 7, author: BOT, body: planBody('a') });
    here.server.before.push(({ body }) => {
      if (isEditorQuestion(body)) change(here, id);
      return undefined;
    });
    expect(await read(here)).toEqual({ status: 'none' });
  });
});

describe('who edited it can not be found out', () => {
  it.each([
    ['GitHub is out of order', () => problem(502, 'Server Error')],
    ['the connection breaks', () => 'reset' as const],
    ['something on the way says no', () => problem(403, 'Forbidden')],
    ['the token may not ask', () => problem(403, 'Resource not accessible by integration')],
    ['GraphQL says no', () => Response.json({ data: null, errors: [{ type: 'FORBIDDEN', message: 'no' }] })],
    ['GraphQL has errors of no type', () => Response.json({ errors: [{ message: 'Something went wrong' }] })],
    ['the answer is cut short', () => Response.json({ data: { node: { body: planBody('a') } } })],
    ['the answer is about something else', () => Response.json({ data: { node: {} } })],
    ['GraphQL has no error and no answer', () => Response.json({ data: null, errors: [] })],
    ['the answer is empty', () => Response.json({})],
  ])('and so it does not count: %s', async (_what, interference) => {
    const here = await desk();
    const { id } = here.server.add({ pull: 7, author: BOT, body: planBody('a') });
    here.server.before.push(({ body }) => (isEditorQuestion(body) ? interference() : undefined));
    const error = await thrownBy(() => read(here));
    expect(error).toBeInstanceOf(ApprovalUnreadableError);
    expect((error as ApprovalUnreadableError).url).toContain(`#issuecomment-${id}`);
  });

  it.each([404, 405, 501])('because there is no GraphQL (%i): it counts, with a warning', async (status) => {
    const here = await desk();
    here.server.add({ pull: 7, author: BOT, body: planBody('a', 'sha256:abc') });
    here.server.before.push(({ path }) => (path === '/graphql' ? problem(status, 'no') : undefined));
    expect(await read(here)).toMatchObject({ status: 'found', digest: 'sha256:abc' });
    expect(here.log.lines('warning')).toEqual([expect.stringContaining('no GraphQL')]);
  });

  it('because the run ends: that is what is said', async () => {
    const stop = new AbortController();
    const here = await desk({ signal: stop.signal });
    here.server.add({ pull: 7, author: BOT, body: planBody('a') });
    here.server.before.push(({ body }) => {
      if (isEditorQuestion(body)) stop.abort(new CancelledError());
      return undefined;
    });
    expect(await thrownBy(() => read(here))).toBeInstanceOf(CancelledError);
  });
});
