import js from '@eslint/js';
import jest from 'eslint-plugin-jest';
import { defineConfig } from 'eslint/config';
import tseslint from 'typescript-eslint';

/**
 * The rules of the house (docs/architecture.md) that a linter can hold:
 * arrows point down, plan/ and report/ are pure, and the emulator and the action never import each other.
 *
 * @param {string[]} groups import patterns that are out of bounds
 * @param {string} message why
 * @returns {{ '@typescript-eslint/no-restricted-imports': ['error', object] }}
 */
const forbid = (groups, message) => ({
  '@typescript-eslint/no-restricted-imports': [
    'error',
    { patterns: [{ group: groups, message, allowTypeImports: true }] },
  ],
});
/** `node:crypto` only hashes, and names.ts only takes names apart. */
const impure = [
  'node:*',
  '!node:crypto',
  '**/google/*',
  '!**/google/names.js',
  '**/apply/*',
  '**/observe/*',
  '**/commands/*',
  '**/actions/*',
  '@actions/*',
];

export default defineConfig(
  { ignores: ['dist/', 'node_modules/', 'coverage/', 'lib/'] },
  js.configs.recommended,
  tseslint.configs.strictTypeChecked,
  tseslint.configs.stylisticTypeChecked,
  { languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } } },
  {
    rules: {
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      'no-console': 'error',
      eqeqeq: 'error',
      // An empty environment variable is as good as none.
      '@typescript-eslint/prefer-nullish-coalescing': ['error', { ignorePrimitives: { string: true } }],
    },
  },
  {
    files: ['src/plan/**', 'src/report/**'],
    rules: {
      ...forbid(impure, 'plan/ and report/ are pure: no I/O, no clock, no environment. Pass the value in.'),
      'no-restricted-globals': ['error', 'process', 'fetch', 'setTimeout', 'setInterval'],
      'no-restricted-properties': [
        'error',
        { object: 'Date', property: 'now', message: 'plan/ and report/ read no clock.' },
        { object: 'Math', property: 'random', message: 'plan/ and report/ are deterministic.' },
      ],
    },
  },
  {
    files: ['src/google/**', 'src/config/**'],
    rules: forbid(
      ['**/plan/*', '**/apply/*', '**/observe/*', '**/report/*', '**/commands/*', '**/actions/*', '**/emulator/*'],
      'Arrows point down: google/ and config/ know nothing of what is built on them.',
    ),
  },
  {
    files: ['src/github/**'],
    rules: forbid(
      ['**/plan/*', '**/apply/*', '**/observe/*', '**/report/*', '**/commands/*', '**/actions/*', '**/emulator/*'],
      'Arrows point down: github/ carries comments and knows nothing of what stands in them.',
    ),
  },
  {
    files: ['src/observe/**', 'src/apply/**', 'src/commands/**', 'src/actions/**'],
    rules: forbid(['**/emulator/*'], 'The action never imports the emulator.'),
  },
  {
    files: ['emulator/**'],
    rules: forbid(['**/src/*', '**/src/**'], 'The emulator is written from the facts, never from the client.'),
  },
  { files: ['emulator/**', 'demo/**', 'scripts/**', 'bench/**'], rules: { 'no-console': 'off' } },
  {
    files: ['__tests__/**'],
    ...jest.configs['flat/recommended'],
    rules: {
      ...jest.configs['flat/recommended'].rules,
      'jest/expect-expect': ['error', { assertFunctionNames: ['expect*', 'fc.assert'] }],
    },
  },
  // tsc checks these too (checkJs), undefined names included.
  { files: ['**/*.js'], extends: [tseslint.configs.disableTypeChecked], rules: { 'no-undef': 'off' } },
);
