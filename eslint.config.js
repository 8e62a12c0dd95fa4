import js from '@eslint/js';
import graphql from '@graphql-eslint/eslint-plugin';
import importX, { createNodeResolver } from 'eslint-plugin-import-x';
import ts from 'typescript-eslint';

// How a request flows: web -> graphql -> loaders -> mapping and upstream. What stands here may import what stands
// beside it, and nothing else of ours. `app.ts` and `build/` build everything; nobody imports `main.ts`.
const GROUND = ['deadline.ts', 'errorCodes.ts', 'errors.ts', 'getOrAdd.ts', 'ids.ts', 'model.ts', 'readBody.ts', 'record.ts', 'schema.generated.ts', 'recording.ts', 'workShare.ts'];
const MAY_IMPORT = {
  'getOrAdd.ts': [],
  'model.ts': ['schema.generated.ts'],
  'ids.ts': ['model.ts'],
  'errorCodes.ts': ['model.ts'],
  'errors.ts': ['errorCodes.ts', 'model.ts'],
  'deadline.ts': ['recording.ts'],
  'recording.ts': ['model.ts'],
  'readBody.ts': [],
  'workShare.ts': [],
  'record.ts': [],
  'settings.ts': [],
  'signals.ts': [],
  'networkSettings.ts': ['settings.ts'],
  'telemetrySettings.ts': ['settings.ts'],
  'config.ts': ['settings.ts', 'networkSettings.ts', 'telemetrySettings.ts'],
  telemetry: ['telemetry', 'telemetrySettings.ts', 'getOrAdd.ts', 'model.ts', 'recording.ts', 'upstream/retryAfter.ts'],
  shared: ['shared', 'deadline.ts'],
  mapping: ['mapping', ...GROUND, 'upstream/pms/records.generated.ts', 'upstream/cas360/records.generated.ts'],
  upstream: ['upstream', 'shared', ...GROUND],
  loaders: ['loaders', ...GROUND, 'upstream/callErrors.ts'],
  graphql: ['graphql', 'loaders', 'telemetry', ...GROUND],
  web: ['web', 'graphql', 'telemetry', 'config.ts', ...GROUND],
  build: ['build', 'config.ts', 'loaders', 'mapping', 'shared', 'telemetry', 'upstream', ...GROUND],
  doctor: ['doctor', 'build', 'config.ts', 'settings.ts', 'signals.ts', 'shared', 'upstream', 'web/callers.ts', ...GROUND],
  connect: ['connect', 'build', 'config.ts', 'settings.ts', 'signals.ts', 'shared', 'upstream', 'doctor/reasons.ts', ...GROUND],
  explain: ['explain', 'build/sources.ts', 'config.ts', 'graphql', ...GROUND],
  'idleMemory.ts': ['workShare.ts'],
  'main.ts': ['app.ts', 'config.ts', 'idleMemory.ts', 'signals.ts', 'stopping.ts', 'telemetry'],
};
const zones = [
  ...Object.entries(MAY_IMPORT).map(([place, others]) => ({
    target: `./src/${place}`,
    from: './src',
    except: others.map((other) => `./${other}`),
    message: `src/${place} may import only: ${others.join(', ') || 'nothing of ours'}.`,
  })),
  { target: './src/upstream/pms', from: './src/upstream/cas360', message: 'The two upstreams do not meet below loaders/.' },
  { target: './src/upstream/cas360', from: './src/upstream/pms', message: 'The two upstreams do not meet below loaders/.' },
  { target: './src', from: ['./sandbox', './test'], message: 'What runs in production knows no sandbox and no test.' },
];

export default ts.config(
  { ignores: ['**/*.generated.ts', 'dist/', 'graphiql/', 'examples/web-client/', '**/node_modules/', 'test-output/'] },
  { files: ['**/*.{js,mjs}'], extends: [js.configs.recommended], languageOptions: { globals: { process: 'readonly', URL: 'readonly', Buffer: 'readonly' } } },
  { files: ['sandbox/page/*.js'], languageOptions: { globals: { document: 'readonly', fetch: 'readonly', location: 'readonly', navigator: 'readonly', setInterval: 'readonly' } } },
  {
    files: ['**/*.ts'],
    extends: [js.configs.recommended, ts.configs.strictTypeChecked],
    plugins: { 'import-x': importX },
    languageOptions: { parserOptions: { projectService: true } },
    settings: {
      'import-x/extensions': ['.ts'],
      'import-x/parsers': { '@typescript-eslint/parser': ['.ts'] },
      'import-x/resolver-next': [createNodeResolver({ extensionAlias: { '.js': ['.ts', '.js'] } })],
    },
    rules: {
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      // Checked by hand each: an id that a map was just filled with, a first element of a list of one.
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/no-unused-vars': ['error', { varsIgnorePattern: '^_', argsIgnorePattern: '^_' }],
      '@typescript-eslint/restrict-template-expressions': 'off',
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/no-confusing-void-expression': 'off',
      '@typescript-eslint/await-thenable': 'off',
      '@typescript-eslint/unbound-method': 'off',
      '@typescript-eslint/no-unsafe-class-instance-assignment': 'off',
      '@typescript-eslint/no-misused-promises': ['error', { checksVoidReturn: false }],
    },
  },
  {
    files: ['src/**/*.ts'],
    rules: {
      'import-x/no-cycle': 'error',
      'import-x/no-restricted-paths': ['error', { zones }],
      'no-console': 'error',
      'max-lines': ['error', { max: 300 }],
    },
  },
  {
    files: ['src/**/*.ts'],
    ignores: ['src/config.ts', 'src/doctor/main.ts', 'src/connect/main.ts', 'src/explain/main.ts'],
    rules: { 'no-restricted-properties': ['error', { object: 'process', property: 'env', message: 'Only config.ts and the commands beside the service read the environment.' }] },
  },
  {
    files: ['src/{graphql,loaders,mapping,upstream,web,telemetry}/**/*.ts'],
    rules: {
      'no-restricted-syntax': [
        'error',
        { selector: "ObjectExpression > Property[kind='get']", message: 'Each such object keeps all it refers to until the next full collection. Use a class (docs/performance.md).' },
      ],
    },
  },
  {
    files: ['test/**/*.ts'],
    rules: {
      // Answers are whatever the query asked for.
      '@typescript-eslint/no-explicit-any': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
    },
  },
  {
    files: ['schema/*.graphql'],
    plugins: { '@graphql-eslint': graphql },
    // Without a schema to hold them against: the plugin builds it in a way that @apollo/subgraph 2.15 took out.
    languageOptions: { parser: graphql.parser },
    rules: {
      '@graphql-eslint/require-description': ['error', { types: true, FieldDefinition: true, InputValueDefinition: true, EnumValueDefinition: true }],
      '@graphql-eslint/naming-convention': ['error', { types: 'PascalCase', FieldDefinition: 'camelCase', InputValueDefinition: 'camelCase', EnumValueDefinition: 'UPPER_CASE' }],
      '@graphql-eslint/no-hashtag-description': 'error',
    },
  },
);
