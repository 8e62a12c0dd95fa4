import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, jest, test } from '@jest/globals';
import { COMPILE_CACHE } from '../support/subgraph.js';
import { until } from '../support/until.js';

jest.setTimeout(120_000);

/** Notes each file of a package that the process loads, in a file: what waits in a pipe is lost when the process is ended. */
const NOTE = `data:text/javascript,${encodeURIComponent(`
  import { appendFileSync } from 'node:fs';
  import { registerHooks } from 'node:module';
  registerHooks({ load(url, context, next) {
    if (url.includes('/node_modules/')) appendFileSync(process.env.NOTES, url.split('/node_modules/').at(-1) + '\\n');
    return next(url, context);
  } });
`)}`;

const folder = mkdtempSync(join(tmpdir(), 'loaded-'));
const NOTES = join(folder, 'notes');
afterAll(() => rmSync(folder, { recursive: true }));

/** The packages that the service has loaded once it listens. */
async function loadedWith(settings: Record<string, string>): Promise<Set<string>> {
  rmSync(NOTES, { force: true });
  const child = spawn(process.execPath, ['--import', NOTE, 'dist/src/main.js'], { stdio: ['ignore', 'pipe', 'inherit'], env: { ...COMPILE_CACHE, HOST: '127.0.0.1', PORT: '0', NOTES, ...UPSTREAM, ...settings } });
  const closed = once(child, 'close');
  let said = '';
  child.stdout.on('data', (text) => (said += String(text)));
  await until('it listens, or ends', () => said.includes('"address"') || child.exitCode !== null, 60_000);
  child.kill('SIGKILL');
  await closed;
  expect(said).toContain('"address"');
  return new Set(readFileSync(NOTES, 'utf8').split('\n').map((file) => file.split('/').slice(0, file.startsWith('@') ? 2 : 1).join('/')));
}

/** Nobody answers there, and nobody is asked. */
const UPSTREAM = { PMS_BASE_URL: 'http://127.0.0.1:1', PMS_TOKEN_URL: 'http://127.0.0.1:1', PMS_CLIENT_ID: 'id', PMS_CLIENT_SECRET: 'secret' };

const TELEMETRY = ['@opentelemetry/sdk-trace', '@opentelemetry/sdk-metrics', '@opentelemetry/otlp-transformer', '@opentelemetry/resources'];
const OPTIONAL = ['@redis/client', ...TELEMETRY, 'yaml'];

describe('what a process loads', () => {
  test('is nothing that its settings leave out', async () => {
    const loaded = await loadedWith({});
    expect(loaded).toContain('@apollo/server');
    expect(OPTIONAL.filter((name) => loaded.has(name))).toEqual([]);
  });

  test.each<Record<string, string>>([{ OTEL_SDK_DISABLED: 'true' }, { OTEL_TRACES_EXPORTER: 'none', OTEL_METRICS_EXPORTER: 'none' }])('is nothing of OpenTelemetry where it is switched off: %p', async (settings) => {
    const loaded = await loadedWith({ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1', ...settings });
    expect(TELEMETRY.filter((name) => loaded.has(name))).toEqual([]);
  });

  test('is what they ask for', async () => {
    const loaded = await loadedWith({ REDIS_URL: 'redis://127.0.0.1:1', OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1' });
    expect(['@redis/client', ...TELEMETRY].filter((name) => !loaded.has(name))).toEqual([]);
  });
});
