/** @needs helm */
import { readFileSync } from 'node:fs';
import { describe, expect, jest, test } from '@jest/globals';
import { CHART, oneOf, render, VALUES, type Manifest } from './support/chart.js';
import { faultsIn } from './support/kubernetesFaults.js';
import { helm, run } from './support/tools.js';

// The tools may have to be fetched first.
jest.setTimeout(120_000);

const ALWAYS = ['Deployment', 'Service', 'ServiceAccount'];
const KINDS = {
  trial: ALWAYS,
  usual: [...ALWAYS, 'NetworkPolicy', 'PodDisruptionBudget'],
  everything: [...ALWAYS, 'HorizontalPodAutoscaler', 'NetworkPolicy', 'PodDisruptionBudget', 'PrometheusRule', 'ServiceMonitor'],
};
const names = Object.keys(VALUES) as (keyof typeof VALUES)[];
const RENDERED = { trial: render(VALUES.trial), usual: render(VALUES.usual), everything: render(VALUES.everything) };
const pod = (manifests: readonly Manifest[]): any => oneOf('Deployment', manifests).spec.template.spec;
const environment = (manifests: readonly Manifest[]): Record<string, string> =>
  Object.fromEntries(pod(manifests).containers[0].env.map(({ name, value }: { name: string; value: string }) => [name, value]));

describe.each(names)('the chart with the values "%s"', (name) => {
  const manifests = RENDERED[name];

  test('makes what was asked for, and Kubernetes knows every field of it', () => {
    expect(manifests.map(({ kind }) => kind).sort()).toEqual(KINDS[name].sort());
    expect(faultsIn(manifests)).toEqual([]);
  });

  test('runs without rights, on a file system that it cannot write', () => {
    const { containers, ...spec } = pod(manifests);
    expect(spec).toMatchObject({ automountServiceAccountToken: false, securityContext: { runAsNonRoot: true, runAsUser: 65_532, seccompProfile: { type: 'RuntimeDefault' } } });
    expect(containers).toHaveLength(1);
    expect(containers[0].securityContext).toEqual({ allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } });
    expect(oneOf('ServiceAccount', manifests)).toHaveProperty('automountServiceAccountToken', false);
  });

  test('gives settings that exist, and secrets as files of the one Secret', () => {
    const settings = environment(manifests);
    const documented = readFileSync('docs/settings.md', 'utf8');
    // Node reads it itself, so that it has no other form.
    const { NODE_EXTRA_CA_CERTS: authorities, ...own } = settings;
    const files = Object.entries(own).filter(([, value]) => value.startsWith('/run/secrets/')).map(([setting, path]) => [setting.slice(0, -'_FILE'.length), path]);
    if (authorities !== undefined) files.push(['NODE_EXTRA_CA_CERTS', authorities]);
    const secrets = new Set(files.map(([setting]) => `${setting}_FILE`));
    const asDocumented = (setting: string): string => (secrets.has(setting) ? `\`${setting.slice(0, -'_FILE'.length)}\` *` : `\`${setting}\``);
    expect(Object.keys(settings).filter((setting) => ![asDocumented(setting), `\`${setting}\``].some((name) => documented.includes(name)))).toEqual([]);
    const volume = pod(manifests).volumes.find((one: any) => one.secret)?.secret;
    expect(Object.fromEntries(files)).toEqual(Object.fromEntries(volume.items.map(({ key, path }: any) => [key, `/run/secrets/contacts/${path}`])));
    expect(pod(manifests).volumes).toHaveLength(pod(manifests).containers[0].volumeMounts.length);
  });

  test('selects its own pods everywhere', () => {
    const { spec } = oneOf('Deployment', manifests);
    const labels = spec.template.metadata.labels;
    const selectors = [spec.selector.matchLabels, oneOf('Service', manifests).spec.selector];
    for (const { kind, spec: other } of manifests) {
      if (kind === 'NetworkPolicy') selectors.push(other.podSelector.matchLabels);
      if (kind === 'PodDisruptionBudget') selectors.push(other.selector.matchLabels);
      if (kind === 'ServiceMonitor') expect(oneOf('Service', manifests).metadata.labels).toMatchObject(other.selector.matchLabels);
    }
    for (const selector of selectors) expect(selector).toEqual({ 'app.kubernetes.io/name': labels['app.kubernetes.io/name'], 'app.kubernetes.io/instance': 'contacts' });
  });

  test('leaves more time to stop than the service takes', () => {
    expect(pod(manifests).terminationGracePeriodSeconds).toBeGreaterThan(15);
    expect(pod(manifests).containers[0]).not.toHaveProperty('lifecycle');
  });
});

test('a field that Kubernetes does not know, lacks, or has in another form is found', () => {
  const rendered = oneOf('Deployment', RENDERED.usual);
  const deployment = (change: (container: any) => void): Manifest => {
    const copy = structuredClone(rendered);
    change(copy.spec.template.spec.containers[0]);
    return copy;
  };
  const unknown = deployment((container) => (container.readinesProbe = container.readinessProbe));
  const missing = deployment((container) => delete container.name);
  const text = deployment((container) => (container.livenessProbe.periodSeconds = '10'));
  const faults = faultsIn([unknown, missing, text]).join('\n');
  for (const fault of ['readinesProbe', 'containers/0 must have required property name', 'livenessProbe/periodSeconds must be integer']) expect(faults).toContain(fault);
});

describe('the refresh token of CAS 360', () => {
  test('is never in the hands of two pods without Redis', () => {
    const alone = RENDERED.trial;
    expect(oneOf('Deployment', alone).spec).toMatchObject({ replicas: 1, strategy: { type: 'Recreate' } });
    const folder = pod(alone).containers[0].volumeMounts.find(({ name }: any) => name === 'token').mountPath;
    expect(environment(alone).CAS360_TOKEN_FILE).toMatch(new RegExp(`^${folder}/[^/]+$`));
    for (const more of [{ replicas: 2 }, { autoscaling: { enabled: true, minReplicas: 1 } }]) {
      expect(() => render({ ...VALUES.trial, ...more })).toThrow('several pods must share it: set redis.enabled');
    }
  });

  test('is in Redis otherwise, and in no file of the pod', () => {
    const shared = render({ ...VALUES.trial, replicas: 3, redis: { enabled: true } });
    expect(environment(shared)).not.toHaveProperty('CAS360_TOKEN_FILE');
    expect(environment(shared)).toHaveProperty('REDIS_URL_FILE');
    expect(oneOf('Deployment', shared).spec.strategy.type).toBe('RollingUpdate');
  });

  test('need not be in the Secret where npm run connect stores it in Redis', () => {
    const without = { ...VALUES.usual.cas360, refreshTokenInSecret: false };
    const { CAS360_REFRESH_TOKEN_FILE: _, ...others } = environment(RENDERED.usual);
    expect(environment(render({ ...VALUES.usual, cas360: without }))).toEqual(others);
    expect(() => render({ ...VALUES.trial, cas360: without })).toThrow('set cas360.refreshTokenInSecret, or redis.enabled');
  });

  test('is no matter where only the PMS is on', () => {
    const { pms } = VALUES.usual;
    expect(Object.keys(environment(render({ pms, replicas: 3 }))).filter((name) => name.startsWith('CAS360'))).toEqual([]);
  });
});

describe('values', () => {
  // Helm 3 and 4 say it in words of their own.
  test.each([
    ['no upstream', {}, 'Set pms.baseUrl or cas360.baseUrl'],
    ['an unknown value', { ...VALUES.usual, replica: 3 }, /additional propert\S+ '?replica\b/i],
    ['an unknown value further down', { ...VALUES.usual, redis: { on: true } }, /additional propert\S+ '?on\b/i],
    ['an upstream without what it needs', { pms: { baseUrl: 'https://pms.test' } }, /pms.clientId/],
    ['an issuer without its keys', { ...VALUES.usual, auth: { issuer: 'https://identity.test', audience: 'contacts' } }, /auth.jwksUrl/],
    ['callers without an issuer', { ...VALUES.usual, auth: { jwksUrl: 'https://identity.test/jwks' } }, /auth.issuer/],
    ['the key of a receiver among the settings', { ...VALUES.usual, settings: { OTEL_EXPORTER_OTLP_TRACES_HEADERS: 'api-key=x' } }, 'OTEL_EXPORTER_OTLP_TRACES_HEADERS'],
    ['a secret among the settings', { ...VALUES.usual, settings: { PMS_CLIENT_SECRET: 'x' } }, 'PMS_CLIENT_SECRET'],
    ['a router that no label names', { ...VALUES.usual, networkPolicy: { routerNamespaceLabels: { 'kubernetes.io/metadata.name': null } } }, /networkPolicy.routerNamespaceLabels/],
  ])('are refused: %s', (_what, values, message) => {
    expect(() => render(values)).toThrow(message);
  });

  test('are described one by one, and all of them are in the schema', () => {
    const lines = readFileSync(`${CHART}/values.yaml`, 'utf8').split('\n');
    const { properties } = JSON.parse(readFileSync(`${CHART}/values.schema.json`, 'utf8')) as { properties: object };
    const top = lines.flatMap((line) => /^(\w+):/.exec(line)?.[1] ?? []);
    expect(top.sort()).toEqual(Object.keys(properties).filter((name) => name !== 'global').sort());
    const undescribed = lines.filter((line, n) => /^ *\w+: ./.test(line) && !/^ *# /.test(lines[n - 1]!));
    expect(undescribed).toEqual([]);
  });

  test('pass the linter', () => {
    expect(run(helm(), ['lint', '--strict', CHART, '--set', 'pms.baseUrl=https://pms.test,pms.tokenUrl=https://pms.test/token,pms.clientId=contacts'])).toContain('0 chart(s) failed');
  });
});

test('the alerts of the chart are those of deploy/prometheus', () => {
  const { groups } = oneOf('PrometheusRule', RENDERED.everything).spec;
  const source = readFileSync('deploy/prometheus/alerts.yaml', 'utf8');
  expect(groups[0].rules.map(({ alert }: any) => alert)).toEqual([...source.matchAll(/alert: (\w+)/g)].map(([, alert]) => alert));
  // Their own templates are Prometheus's to fill.
  expect(JSON.stringify(groups)).toContain('{{ $labels.source }}');
});
