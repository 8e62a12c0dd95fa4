/** The file of each of Monaco's workers, beside this one. Filled in by scripts/bundle-graphiql.mjs. */
declare const WORKER_FILES: Record<'editor' | 'json' | 'graphql', string>;

Object.assign(globalThis, {
  MonacoEnvironment: {
    getWorker: (_moduleId: string, label: string) =>
      new Worker(new URL(label === 'json' || label === 'graphql' ? WORKER_FILES[label] : WORKER_FILES.editor, import.meta.url)),
  },
});
