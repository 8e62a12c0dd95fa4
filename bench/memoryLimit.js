// Control groups of Linux that limit memory as the runtime of a container does, of version 1 or 2.
import { existsSync, mkdirSync, rmdirSync, writeFileSync } from 'node:fs';

const V1 = '/sys/fs/cgroup/memory';
const V2 = '/sys/fs/cgroup';
const NAME = 'contacts-bench';

/** Creates a group whose processes get at most this much memory, and no swap. Returns its folder. */
export function limitMemory(bytes) {
  try {
    return existsSync(`${V1}/memory.limit_in_bytes`) ? limitV1(bytes) : limitV2(bytes);
  } catch (error) {
    throw new Error(`A run with limited memory needs Linux, root, and control groups (cgroup v1 or v2) that it may create: ${error.message}`, { cause: error });
  }
}

function limitV1(bytes) {
  const group = `${V1}/${NAME}`;
  mkdirSync(group, { recursive: true });
  // The sum of memory and swap cannot be less than the memory: after an aborted run, raise it first.
  writeIfThere(`${group}/memory.memsw.limit_in_bytes`, -1);
  writeFileSync(`${group}/memory.limit_in_bytes`, String(bytes));
  writeIfThere(`${group}/memory.memsw.limit_in_bytes`, bytes);
  return group;
}

function limitV2(bytes) {
  if (!existsSync(`${V2}/cgroup.controllers`)) throw new Error(`${V2} has none`);
  const group = `${V2}/${NAME}`;
  writeFileSync(`${V2}/cgroup.subtree_control`, '+memory');
  mkdirSync(group, { recursive: true });
  writeFileSync(`${group}/memory.max`, String(bytes));
  writeIfThere(`${group}/memory.swap.max`, 0);
  return group;
}

/** The kernel may be built without accounting for swap. */
function writeIfThere(path, value) {
  if (existsSync(path)) writeFileSync(path, String(value));
}

/** Removes a group whose processes have ended. */
export const removeLimit = (group) => rmdirSync(group);
