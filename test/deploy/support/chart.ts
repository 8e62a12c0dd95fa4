import { spawnSync } from 'node:child_process';
import { parseAllDocuments } from 'yaml';
import { helm } from './tools.js';

export const CHART = 'deploy/helm/contacts-subgraph';

export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: any;
  readonly spec: any;
}

/** What Helm makes of the chart with these values put over its own. Throws what Helm says if it refuses them. */
export function render(values: object, chart = CHART): Manifest[] {
  const { status, stdout, stderr } = spawnSync(helm(), ['template', 'contacts', chart, '--namespace', 'contacts', '--values', '-'], {
    input: JSON.stringify(values),
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(stderr);
  // Kubernetes reads YAML 1.1, in which 0440 is octal.
  return parseAllDocuments(stdout, { version: '1.1' }).map((document) => {
    if (document.errors[0]) throw document.errors[0];
    return document.toJS() as Manifest;
  });
}

export function oneOf(kind: string, manifests: readonly Manifest[]): Manifest {
  const found = manifests.filter((manifest) => manifest.kind === kind);
  if (found.length !== 1) throw new Error(`There are ${found.length} of the kind ${kind}.`);
  return found[0]!;
}

/** Three ways to run it: a trial of one system on one pod, a company's usual, and everything turned on. */
export const VALUES = {
  trial: {
    replicas: 1,
    cas360: { baseUrl: 'https://cas360.test', clientId: 'contacts' },
    router: { secretRequired: false },
    networkPolicy: { enabled: false },
    podDisruptionBudget: { enabled: false },
  },
  usual: {
    pms: { baseUrl: 'https://pms.test', tokenUrl: 'https://pms.test/oauth/token', clientId: 'contacts' },
    cas360: { baseUrl: 'https://cas360.test', clientId: 'contacts' },
    redis: { enabled: true },
  },
  everything: {
    image: { repository: 'images.test/contacts', digest: `sha256:${'0a'.repeat(32)}`, pullPolicy: 'Always', pullSecrets: [{ name: 'pull' }] },
    autoscaling: { enabled: true, minReplicas: 4, maxReplicas: 40 },
    podDisruptionBudget: { maxUnavailable: '10%' },
    pms: { baseUrl: 'https://pms.test', tokenUrl: 'https://pms.test/oauth/token', clientId: 'contacts', scope: 'read', clientCertificate: true },
    cas360: { baseUrl: 'https://cas360.test', tokenUrl: 'https://cas360.test/token', clientId: 'contacts', scope: 'read', clientCertificate: true },
    tls: { extraAuthorities: true },
    redis: { enabled: true },
    cache: { ttlSeconds: 60 },
    auth: { jwksUrl: 'https://identity.test/jwks?p=policy', issuer: 'https://identity.test', audience: 'contacts' },
    telemetry: { otlpEndpoint: 'http://collector.monitoring:4318', headers: true },
    settings: { MAX_DEPTH: '10', REQUEST_TIMEOUT_MS: '5000' },
    service: { port: 80 },
    serviceAccount: { annotations: { owner: 'contacts' } },
    networkPolicy: {
      routerPodLabels: { app: 'router' },
      upstreamPorts: [443, 8443],
      redisNamespaceLabels: { 'kubernetes.io/metadata.name': 'redis' },
      extraEgress: [{ ports: [{ protocol: 'TCP', port: 4318 }], to: [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'monitoring' } } }] }],
    },
    serviceMonitor: { enabled: true, labels: { release: 'prometheus' }, interval: '15s' },
    prometheusRule: { enabled: true, labels: { release: 'prometheus' } },
    podAnnotations: { 'example.test/team': 'contacts' },
    podLabels: { team: 'contacts' },
    nodeSelector: { 'kubernetes.io/arch': 'amd64' },
    tolerations: [{ key: 'dedicated', operator: 'Equal', value: 'contacts', effect: 'NoSchedule' }],
    affinity: {
      nodeAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 1, preference: { matchExpressions: [{ key: 'kind', operator: 'In', values: ['fast'] }] } }] },
    },
    priorityClassName: 'important',
  },
};
