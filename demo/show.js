// What a reader of the runner's log sees: folded groups, annotations, no workflow commands.

/** Lines that are shown of a group that is not folded. */
const GROUP_LINES = 6;

/** @type {number | undefined} lines of the open group so far */
let inGroup;
let limit = GROUP_LINES;

/**
 * Prints one line of a step as the runner's log would show it.
 *
 * @param {string} line
 * @param {boolean} folded only the titles of groups
 */
export function show(line, folded) {
  limit = folded ? 0 : GROUP_LINES;
  const command = /^::([a-z-]+)[^:]*::(.*)$/.exec(line);
  if (!command) {
    plain(line);
    return;
  }
  const [, name, text = ''] = command;
  const message = text.replaceAll('%0A', '\n').replaceAll('%0D', '').replaceAll('%25', '%');
  if (name === 'group') {
    console.log(`\u25b8 ${message}`);
    inGroup = 0;
  } else if (name === 'endgroup') {
    if (!folded && inGroup !== undefined && inGroup > limit) console.log(`    \u2026 ${inGroup - limit} more lines`);
    inGroup = undefined;
  } else if (name === 'error' || name === 'warning') {
    console.log(`${name.toUpperCase()}: ${message}`);
  }
}

/** @param {string} line */
function plain(line) {
  if (inGroup === undefined) {
    console.log(line);
    return;
  }
  inGroup += 1;
  if (inGroup <= limit) console.log(`    ${line.length > 160 ? `${line.slice(0, 157)}\u2026` : line}`);
}
