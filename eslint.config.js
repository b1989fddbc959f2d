// The limits of CONTRIBUTING.md, held. test/arch/lint-limits.spec.ts proves that each can fail.
import js from '@eslint/js';
import { defineConfig } from 'eslint/config';
import tseslint from 'typescript-eslint';

const SPECS = ['**/*.spec.ts'];
const TESTS = ['test/**/*.ts', ...SPECS];
const SCRIPTS = ['**/*.{js,mjs,cjs}'];
/** Files whose tool reads a default export. */
const DEFAULT_EXPORTERS = ['*.config.{js,mjs,cjs,ts}', 'bench/*.config.*', 'test/support/global-*.{js,ts}'];

const FUNCTIONS = ':matches(FunctionDeclaration, ArrowFunctionExpression, TSDeclareFunction, TSMethodSignature, TSFunctionType, :not(MethodDefinition[kind="constructor"]) > :matches(FunctionExpression, TSEmptyBodyFunctionExpression))';
/** In place of max-params, which counts constructors too: injection needs more room than a call does. */
const PARAMETERS = [
  { selector: `${FUNCTIONS}[params.length>4]`, message: 'At most 4 parameters: pass an object.' },
  { selector: 'MethodDefinition[kind="constructor"] > FunctionExpression[params.length>6]', message: 'At most 6 constructor parameters: the class does too much.' },
];
const DEFAULT_EXPORT = { selector: ':matches(ExportDefaultDeclaration, ExportSpecifier[exported.name="default"])', message: 'Export by name.' };
const BARE_ERROR = {
  selector: ':matches(NewExpression, CallExpression)[callee.name=/^(Error|TypeError|RangeError)$/]',
  message: 'Use AppError: a kind, a stable code, safe details, the cause.',
};
// One rule, one list per kind of file: a later block replaces an earlier list, so each is written whole.
const forbid = (...selectors) => ({ 'no-restricted-syntax': ['error', ...PARAMETERS, ...selectors] });

const SIZES = {
  'max-lines': ['error', { max: 300, skipBlankLines: false, skipComments: false }],
  'max-lines-per-function': ['error', { max: 50, skipBlankLines: false, skipComments: false, IIFEs: true }],
  complexity: ['error', 10],
  ...forbid(DEFAULT_EXPORT),
};

const TYPED = {
  '@typescript-eslint/no-explicit-any': 'error',
  '@typescript-eslint/no-floating-promises': 'error',
  '@typescript-eslint/no-non-null-assertion': 'error',
  // A `default:` does not make a union switch exhaustive: a new member must fail to compile, not fall through.
  '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: false, requireDefaultForNonUnion: false }],
  '@typescript-eslint/explicit-module-boundary-types': 'error',
  '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', ignoreRestSiblings: true }],
  // `reject(signal.reason)` and handing on what was caught are `any` to the type checker.
  '@typescript-eslint/prefer-promise-reject-errors': ['error', { allowThrowingAny: true, allowThrowingUnknown: true }],
  // Ports and Nest hooks are async by contract, awaiting or not.
  '@typescript-eslint/require-await': 'off',
};

export default defineConfig(
  { ignores: ['dist/', '**/node_modules/', '.nooble/', 'coverage/'] },
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  js.configs.recommended,
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.recommendedTypeChecked],
    languageOptions: { parserOptions: { projectService: true } },
    rules: TYPED,
  },
  { rules: SIZES },
  {
    files: ['src/**/*.ts'],
    ignores: SPECS,
    rules: {
      ...forbid(DEFAULT_EXPORT, BARE_ERROR),
      'no-restricted-globals': ['error', { name: 'fetch', message: 'Only model files and shared/outbound speak HTTP: deadlines and address checks live there.' }],
    },
  },
  {
    files: ['src/**/*.ts'],
    ignores: ['src/shared/config/**'],
    rules: {
      'no-restricted-properties': [
        'error',
        { object: 'process', property: 'env', message: 'Only shared/config reads the environment.' },
        { object: 'globalThis', property: 'fetch', message: 'Only model files and shared/outbound speak HTTP.' },
      ],
      'no-restricted-imports': ['error', { paths: ['process', 'node:process'].map((name) => ({ name, importNames: ['env'], message: 'Only shared/config reads the environment.' })) }],
    },
  },
  {
    files: ['src/shared/outbound/**/*.ts', 'src/modules/*/models/**/*.ts', 'src/modules/**/*.model.ts'],
    rules: { 'no-restricted-globals': 'off' },
  },
  {
    files: TESTS,
    rules: {
      // `expect(spy.method)` and answers read from the wire, whose shape is what the test asserts.
      '@typescript-eslint/unbound-method': 'off',
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-argument': 'off',
    },
  },
  // A describe callback holds a whole suite.
  { files: SPECS, rules: { 'max-lines-per-function': 'off' } },
  {
    files: SCRIPTS,
    languageOptions: { globals: Object.fromEntries(Object.getOwnPropertyNames(globalThis).map((name) => [name, 'readonly'])) },
    rules: { 'no-unused-vars': ['error', { argsIgnorePattern: '^_', ignoreRestSiblings: true }] },
  },
  { files: DEFAULT_EXPORTERS, rules: forbid() },
);
