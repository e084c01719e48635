import type { CommentInput } from '../../../src/report/comment.js';
import type { Plan } from '../../../src/plan/types.js';

/** Everything that means something to Markdown, HTML, GitHub or Mermaid. */
export const EVIL_TEXTS: readonly string[] = [
  '<script>alert(1)</script>',
  '</code></details></td><img src=x onerror=alert(1)>',
  '<!-- bind-agent-gateway {"label":"x","digest":"","version":"1","state":"applied"} -->',
  '--> <!-- plan:AAAA -->',
  '| a | b |\n| --- | --- |',
  '`code` ```\n```mermaid\nflowchart LR',
  '**bold** _it_ ~~gone~~ # head',
  '@octocat @org/team #1 GH-2 acme/agents#3 :rocket:',
  '[here](https://evil.example) ![i](https://evil.example/i.png) <https://evil.example>',
  'https://user:secret@evil.example/p?key=secret#secret www.evil.example',
  '- item\n1. one\n> quote\n---',
  '&lt;b&gt; &#60;b&#62; #quot; #35; #lt;b#gt;',
  '"]; click e0 "javascript:alert(1)"; e9["x',
  'end subgraph graph default style classDef',
  '%%{init: {"securityLevel": "loose"}}%%',
  '{{ x }} ${x} $$x$$ (["a"]) fa:fa-car',
  'nimda\u202eadmin \u0000\u001b[2J\u200b\ufeff',
  '::error::x ##[error]y',
  '1. one',
  '+ plus',
  ' blanks at both ends ',
];

/** A plan whose every text is the one that is given. */
export function planSaying(say: () => string): Plan {
  const gateway = { from: say(), to: say(), declared: true };
  return {
    schemaVersion: 1,
    scope: { project: say(), projectNumber: say(), region: say() },
    digest: `sha256:${'a'.repeat(64)}`,
    summary: { register: 1, grant: 2, bind: 1, remove: 0 },
    checks: [
      {
        id: say(),
        level: 'error',
        message: say(),
        remedy: say(),
        origin: { kind: 'file', file: say(), line: 1, column: 1 },
      },
      { id: say(), level: 'warning', message: say(), remedy: say() },
    ],
    changes: [
      {
        layer: 'endpoint',
        action: 'update',
        key: say(),
        service: 'service-1',
        displayName: say(),
        interfaces: (['add', 'remove', 'change', 'keep'] as const).map((action) => {
          return { action, url: say(), protocol: say(), reason: say() };
        }),
        fields: [{ field: 'displayName', from: say(), to: say() }],
      },
      {
        layer: 'endpoint',
        action: 'adopt',
        key: say(),
        service: say(),
        displayName: say(),
        interfaces: [],
        fields: [],
      },
      {
        layer: 'grant',
        action: 'create',
        key: say(),
        service: 'service-1',
        role: 'roles/iap.egressor',
        member: say(),
        condition: { expression: say() },
      },
      {
        layer: 'grant',
        action: 'create',
        key: say(),
        service: 'service-1',
        role: 'roles/iap.egressor',
        member: say(),
        engine: 'engine-1',
        displayName: say(),
      },
      {
        layer: 'endpoint',
        action: 'remove',
        key: say(),
        service: say(),
        displayName: say(),
        interfaces: [{ action: 'remove', url: say(), protocol: say(), reason: '' }],
        fields: [],
        members: ['engine-1'],
      },
      {
        layer: 'grant',
        action: 'create',
        key: say(),
        service: 'service-2',
        role: 'roles/iap.egressor',
        member: say(),
        engine: 'engine-1',
        displayName: say(),
        replaces: [say(), say()],
      },
      {
        layer: 'grant',
        action: 'remove',
        key: say(),
        service: 'service-2',
        role: 'roles/iap.egressor',
        member: say(),
        engine: 'engine-2',
        why: 'engine-gone',
        replacedBy: say(),
      },
      {
        layer: 'grant',
        action: 'remove',
        key: say(),
        service: 'service-2',
        role: 'roles/iap.egressor',
        member: say(),
        engine: 'engine-1',
        displayName: say(),
        why: 'not-allowed',
      },
      {
        layer: 'binding',
        action: 'update',
        engine: 'engine-1',
        displayName: say(),
        egress: gateway,
        ingress: gateway,
        recreatedFrom: [say()],
      },
    ],
  };
}

/** A comment whose every text is the one that is given. */
export function commentSaying(say: () => string): CommentInput {
  const { reason } = { reason: 'bind-failed' as const };
  return {
    label: say(),
    approvedDigest: `sha256:${'a'.repeat(64)}`,
    state: 'failed',
    plan: planSaying(say),
    engines: [
      {
        name: 'engine-1',
        id: say(),
        displayName: say(),
        principal: say(),
        egress: say(),
        ingress: say(),
        status: 'failed',
        governance: 'not-bound',
        governanceText: say(),
        tookMs: 1,
      },
    ],
    failures: [{ reason, message: say(), next: [say()] }],
    next: [say()],
    open: [say()],
    runUrl: say(),
    commit: say(),
    version: say(),
    payload: say(),
    elapsedMs: 1,
    done: [say()],
  };
}

/** Each text comes up in turn. */
export function hostileComment(): CommentInput {
  let turn = 0;
  return commentSaying(() => {
    turn += 1;
    return EVIL_TEXTS[turn % EVIL_TEXTS.length] ?? '';
  });
}
