import type { RedisProblem } from '../shared/redisProblem.js';
import type { StoreProblem } from '../upstream/oauth2/refreshToken/store.js';
import { CAS360_TOKEN_KEY } from './tokenStore.js';

/** Where the refresh token is stored. */
export type StoreName = 'CAS360_TOKEN_FILE' | 'Redis';

const ADVICE: { readonly CAS360_TOKEN_FILE: Readonly<Record<Exclude<StoreProblem, NotOfFiles>, string>>; readonly Redis: Readonly<Record<RedisProblem, string>> } = {
  CAS360_TOKEN_FILE: {
    missing: 'its folder does not exist: create it',
    'no permission': 'this user may not read and write it, or its folder: give both to the user of the service, and run this as that user. In the image, it must be below /var/lib/contacts',
    'read-only': 'it is on a file system that cannot be written: choose another place',
    full: 'its disk is full: make room',
    'a folder': 'it is a folder: name a file in it',
    'a mount of its own': 'it is mounted by itself, so it cannot be replaced: mount its folder',
    slow: 'it does not answer: look at its disk or its network',
    failing: 'its file system reports an error: look at its path and its disk. Do not remove it, since it may hold the token',
    broken: 'it holds no refresh token of ours: choose another file, or remove it to begin anew',
  },
  Redis: {
    away: 'it does not answer, is starting, or its primary is away: look at REDIS_URL and at Redis',
    slow: 'it does not answer in time: look at its load and its log',
    'wrong password': 'it does not take the user and the password in REDIS_URL, or wants some',
    'wrong database': 'it has no database with the number in REDIS_URL',
    'no permission': 'its user may not do what is needed: allow it the commands EVAL, TIME, HMGET, HSET, HDEL, DEL and SET on contacts:*',
    'read-only': 'it takes no writes: it is a replica, its disk fails, or it has lost its replicas. Give the address of the primary, or look at its log',
    full: 'its memory is full: make room, or raise maxmemory',
    broken: `it cannot be read, or what it holds is not of this service: look at its key ${CAS360_TOKEN_KEY}`,
  },
};
type NotOfFiles = 'away' | 'wrong password' | 'wrong database';

/** What is wrong with the store, and what to do about it. Follows its name and a colon. */
export function adviceOn(problem: StoreProblem, store: StoreName): string {
  const advice: Partial<Record<StoreProblem, string>> = ADVICE[store];
  return advice[problem] ?? 'it cannot be used';
}
