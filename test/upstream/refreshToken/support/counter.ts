// Adds its marks to the state in a file, one after the other, until it is killed. Sends each mark that was written.
import { randomUUID } from 'node:crypto';
import type * as fileStoreModule from '../../../../src/upstream/oauth2/refreshToken/fileStore.js';
import type * as stateModule from '../../../../src/upstream/oauth2/refreshToken/state.js';

const built = async <Module>(name: string): Promise<Module> => (await import(new URL(`../../../../dist/src/upstream/oauth2/refreshToken/${name}.js`, import.meta.url).href)) as Module;
const { FileStore } = await built<typeof fileStoreModule>('fileStore');
const { begunWith } = await built<typeof stateModule>('state');

const [path = '', stuckMs] = process.argv.slice(2);
const store = new FileStore(path, { stuckMs: Number(stuckMs) });
for (;;) {
  const mark = randomUUID();
  try {
    await store.update((kept = begunWith('token', undefined)) => ({ ...kept, began: [mark, ...kept.began], count: kept.count + 1 }));
    process.send?.(mark);
  } catch (error) {
    if ((error as { problem?: unknown }).problem !== 'slow') throw error;
  }
}
