import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { validate, type ValidationConfig } from '@actions/languageservice';
import type { ActionMetadata } from '@actions/languageservice/action';
import { describe, expect, it } from '@jest/globals';
import { TextDocument } from 'vscode-languageserver-textdocument';
import { parse } from 'yaml';

const ROOT = path.resolve(import.meta.dirname, '../..');

interface Step {
  readonly uses?: string;
  readonly run?: string;
}
interface Workflow {
  readonly permissions?: unknown;
  readonly jobs: Readonly<Record<string, { readonly uses?: string; readonly steps?: readonly Step[] }>>;
}

const filesIn = (folder: string): string[] =>
  existsSync(path.join(ROOT, folder))
    ? readdirSync(path.join(ROOT, folder), { recursive: true, encoding: 'utf8' })
        .filter((file) => file.endsWith('.yml'))
        .map((file) => path.join(folder, file))
        .sort()
    : [];

const read = (file: string): string => readFileSync(path.join(ROOT, file), 'utf8');
/** Whole workflows that stand on a page. */
const onPage = (page: string): { file: string; text: string }[] =>
  [...read(page).matchAll(/^```yaml\n([\s\S]*?)^```/gm)]
    .map(([, text = ''], index) => ({ file: `.github/workflows/${page}-${index}.yml`, text }))
    .filter(({ text }) => /^jobs:/m.test(text));

const workflows = [
  ...[...filesIn('.github/workflows'), ...filesIn('examples')].map((file) => ({ file, text: read(file) })),
  ...['README.md', 'docs/day-two.md', 'docs/terraform.md'].flatMap(onPage),
].map(({ file, text }) => ({ file, text, workflow: parse(text) as Workflow }));
const steps = ({ workflow }: { workflow: Workflow }): Step[] =>
  Object.values(workflow.jobs).flatMap((job) => job.steps ?? []);

/** This repository's actions as the language service wants them, so that their inputs are checked as well. */
const actionsMetadataProvider: NonNullable<ValidationConfig['actionsMetadataProvider']> = {
  fetchActionMetadata: ({ owner, path: folder = '' }) =>
    Promise.resolve(
      owner === 'OWNER'
        ? (parse(readFileSync(path.join(ROOT, folder, 'action.yml'), 'utf8')) as ActionMetadata)
        : undefined,
    ),
};

/** What GitHub's language service says of a workflow. */
async function complaints(file: string, text: string): Promise<string[]> {
  // It knows only published actions.
  const published = text.replace(
    /uses: \.\/(\w*)/g,
    (_whole, folder: string) => `uses: OWNER/bind-agent-gateway${folder === '' ? '' : `/${folder}`}@v1`,
  );
  const document = TextDocument.create(`file:///${file}`, 'yaml', 1, published);
  const found = await validate(document, { actionsMetadataProvider });
  const said = found.map(({ message, range }) => ({
    line: range.start.line + 1,
    text: typeof message === 'string' ? message : message.value,
  }));
  // What other people's actions take cannot be looked up without a network.
  const ours = said.filter((item) => !/^Unable to resolve action `(?!OWNER)/.test(item.text));
  return ours.map((item) => `${item.line}: ${item.text}`);
}

it('the language service finds what is wrong', async () => {
  const text = `on: push
jobs:
  plan:
    runs-on: ubuntu-latest
    steps:
      - uses: ./plan
        with:
          aproval: comment
      - run: echo \${{ steps.plan.outputs.x }}
`;
  expect(await complaints('.github/workflows/bad.yml', text)).toEqual([
    "8: Invalid action input 'aproval'",
    '9: Context access might be invalid: plan',
  ]);
});

it('there are workflows of this repository and of the examples', () => {
  expect(workflows.length).toBeGreaterThan(8);
});

describe.each(workflows)('$file', ({ file, text, workflow }) => {
  it("is valid for GitHub's own language service", async () => {
    expect(await complaints(file, text)).toEqual([]);
  });

  it('grants nothing at the top', () => {
    expect(workflow.permissions).toEqual({});
  });

  it('pins every action by commit, with the version as comment', () => {
    const lines = text.split('\n').filter((line) => /^\s*(?:- )?uses:/.test(line));
    const foreign = lines.filter(
      (line) => !/uses: (?:\.\/|OWNER\/bind-agent-gateway(?:\/(?:plan|apply|verify))?@v1$)/.test(line),
    );
    const unpinned = foreign.filter((line) => !/uses: [\w.-]+(?:\/[\w.-]+)+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/.test(line));
    expect(unpinned).toEqual([]);
  });

  it('puts no expression into a script', () => {
    expect(steps({ workflow }).filter(({ run }) => run?.includes('${{'))).toEqual([]);
  });
});

it('one action has one version everywhere', () => {
  const pins = new Map<string, Set<string>>();
  for (const { text } of workflows) {
    for (const [, action = '', pin = ''] of text.matchAll(/uses: ([\w./-]+)@([0-9a-f]{40} # \S+)/g)) {
      pins.set(action, (pins.get(action) ?? new Set()).add(pin));
    }
  }
  expect([...pins].filter(([, versions]) => versions.size > 1)).toEqual([]);
});
