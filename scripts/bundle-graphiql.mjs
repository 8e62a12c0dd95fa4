// Bundles graphiql/ into dist/graphiql: everything that the page loads, under names that change with the contents,
// compressed too where that helps, and last the manifest, so that a bundle with a manifest is a whole one.
import { Buffer } from 'node:buffer';
import { createHash } from 'node:crypto';
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url));
const outdir = join(root, 'dist/graphiql');

const shared = {
  absWorkingDir: root,
  bundle: true,
  minify: true,
  target: 'es2022',
  outdir,
  entryNames: '[name]-[hash]',
  chunkNames: 'chunk-[hash]',
  assetNames: '[name]-[hash]',
  define: { 'process.env.NODE_ENV': '"production"' },
  metafile: true,
  logLevel: 'warning',
};

const styleSheets = {
  name: 'style-sheets',
  setup(build) {
    // GraphiQL's style sheet has Monaco's in it. Monaco's own would come out a second time, in files nobody links.
    build.onLoad({ filter: /monaco-editor.*\.css$/ }, () => ({ contents: '', loader: 'css' }));
    // It has three dozen fonts in it too. As files, a browser loads the few that it needs.
    build.onResolve({ filter: /^data:font\// }, ({ path }) => {
      const [type, base64] = path.split(';base64,');
      const font = Buffer.from(base64, 'base64');
      const folder = createHash('sha256').update(font).digest('hex');
      return { path: `${folder}/font.${type.slice('data:font/'.length)}`, namespace: 'font', pluginData: font };
    });
    build.onLoad({ filter: /.*/, namespace: 'font' }, ({ pluginData }) => ({ contents: pluginData, loader: 'file' }));
  },
};

await rm(outdir, { recursive: true, force: true });

const workers = await build({
  ...shared,
  format: 'iife',
  entryPoints: {
    'editor.worker': 'monaco-editor/esm/vs/editor/editor.worker.js',
    'json.worker': 'monaco-editor/esm/vs/language/json/json.worker.js',
    'graphql.worker': 'monaco-graphql/esm/graphql.worker.js',
  },
});
const app = await build({
  ...shared,
  format: 'esm',
  splitting: true,
  entryPoints: { main: 'graphiql/main.tsx' },
  define: { ...shared.define, WORKER_FILES: JSON.stringify(workerFiles(workers.metafile)) },
  // GraphiQL's "prettify" would get scripts without named exports by these names.
  alias: { 'prettier/parser-graphql': 'prettier/plugins/graphql', 'prettier/parser-babel': 'prettier/plugins/babel' },
  plugins: [styleSheets],
});

for (const name of await readdir(outdir)) {
  // The other fonts are compressed as they are.
  if (/\.(js|css|ttf)$/.test(name)) await compress(join(outdir, name));
}
await writeFile(join(outdir, 'manifest.json'), JSON.stringify(entryFiles(app.metafile), null, 2));

async function compress(path) {
  await writeFile(`${path}.gz`, await promisify(gzip)(await readFile(path), { level: 9 }));
}

function workerFiles({ outputs }) {
  const names = Object.keys(outputs).map((path) => basename(path));
  return Object.fromEntries(['editor', 'json', 'graphql'].map((label) => [label, names.find((name) => name.startsWith(label))]));
}

function entryFiles({ outputs }) {
  const [path, { cssBundle }] = Object.entries(outputs).find(([, { entryPoint }]) => entryPoint === 'graphiql/main.tsx');
  return { script: basename(path), style: basename(cssBundle) };
}
