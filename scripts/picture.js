// Draws docs/images/plan-comment.md, the comment of the README's quick start, as GitHub shows it: docs/images/plan-comment.png.
// Needs Chromium, whose path is taken from CHROME: CHROME=/usr/bin/chromium npm run picture
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { marked } from 'marked';

const PAGE = 'docs/images/plan-comment';
const SIZE = { width: 960, height: Number(process.argv[2] ?? 1540) };
const STYLE = `
  body { margin: 16px; background: #fff; color: #1f2328; font: 14px/1.5 'Liberation Sans', Arial, sans-serif; }
  .box { border: 1px solid #d1d9e0; border-radius: 6px; }
  .head { padding: 8px 16px; background: #f6f8fa; border-bottom: 1px solid #d1d9e0; border-radius: 6px 6px 0 0; }
  .head span { padding: 0 6px; border: 1px solid #d1d9e0; border-radius: 12px; color: #59636e; font-size: 12px; }
  .text { padding: 8px 16px 16px; }
  h3 { margin: 8px 0 16px; font-size: 18px; } h4 { margin: 24px 0 12px; font-size: 14px; } p, details { margin: 12px 0; }
  table { border-collapse: collapse; } th, td { padding: 6px 13px; border: 1px solid #d1d9e0; text-align: left; }
  tr:nth-child(2n) td { background: #f6f8fa; } sub { vertical-align: baseline; font-size: 11px; color: #59636e; }
  code { padding: 2px 5px; background: #818b981f; border-radius: 6px; font: 12px 'DejaVu Sans Mono', monospace; }
  a { color: #0969da; }`;

/** What the comment says, with its first details, the diagram, unfolded. */
const text = (await marked(readFileSync(`${PAGE}.md`, 'utf8')))
  .replace('<details>', '<details open>')
  .replace(/<pre><code class="language-mermaid">([\s\S]*?)<\/code><\/pre>/g, '<div class="mermaid">$1</div>');
const mermaid = pathToFileURL('node_modules/mermaid/dist/mermaid.min.js').href;
const page = `<!doctype html><meta charset="utf-8"><style>${STYLE}</style>
<div class="box"><div class="head"><b>github-actions</b> <span>bot</span> commented</div><div class="text">${text}</div></div>
<script src="${mermaid}"></script><script>mermaid.initialize({ startOnLoad: true });</script>`;

const folder = mkdtempSync(path.join(tmpdir(), 'picture-'));
try {
  const file = path.join(folder, 'page.html');
  writeFileSync(file, page);
  execFileSync(process.env['CHROME'] ?? 'chromium', [
    '--headless',
    '--no-sandbox',
    '--disable-gpu',
    '--hide-scrollbars',
    '--allow-file-access-from-files',
    '--virtual-time-budget=10000',
    `--user-data-dir=${path.join(folder, 'profile')}`,
    `--window-size=${SIZE.width},${SIZE.height}`,
    `--screenshot=${path.resolve(`${PAGE}.png`)}`,
    pathToFileURL(file).href,
  ]);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
