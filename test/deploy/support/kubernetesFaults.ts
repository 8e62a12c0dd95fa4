import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { Deployment } from 'kubernetes-models/apps/v1/Deployment';
import { HorizontalPodAutoscaler } from 'kubernetes-models/autoscaling/v2/HorizontalPodAutoscaler';
import { NetworkPolicy } from 'kubernetes-models/networking.k8s.io/v1/NetworkPolicy';
import { PodDisruptionBudget } from 'kubernetes-models/policy/v1/PodDisruptionBudget';
import { Service } from 'kubernetes-models/v1/Service';
import { ServiceAccount } from 'kubernetes-models/v1/ServiceAccount';
import { PrometheusRule } from '@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1/PrometheusRule';
import { ServiceMonitor } from '@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1/ServiceMonitor';
import type typescript from 'typescript';
import type { Manifest } from './chart.js';

// An import would first search all of its nine megabytes for the names that it exports.
const ts = createRequire(import.meta.url)('typescript') as typeof typescript;

/** Where each kind's class and type are: made from the OpenAPI documents of Kubernetes and of the Prometheus operator. */
const MODELS = {
  'kubernetes-models/apps/v1/Deployment': Deployment,
  'kubernetes-models/autoscaling/v2/HorizontalPodAutoscaler': HorizontalPodAutoscaler,
  'kubernetes-models/networking.k8s.io/v1/NetworkPolicy': NetworkPolicy,
  'kubernetes-models/policy/v1/PodDisruptionBudget': PodDisruptionBudget,
  'kubernetes-models/v1/Service': Service,
  'kubernetes-models/v1/ServiceAccount': ServiceAccount,
  '@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1/PrometheusRule': PrometheusRule,
  '@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1/ServiceMonitor': ServiceMonitor,
};

type Model = new (data: any) => { validate(): void };

/** What is wrong with manifests: by the JSON schemas of their kinds, and by their types, which know no further fields. */
export function faultsIn(manifests: readonly Manifest[]): string[] {
  return [...manifests.flatMap(schemaFaults), ...typeFaults(manifests)];
}

function schemaFaults(manifest: Manifest): string[] {
  const [, Model] = modelOf(manifest);
  try {
    new Model(manifest).validate();
    return [];
  } catch (error) {
    return [`${manifest.kind}: ${String(error)}`];
  }
}

/** The same in each program: to parse them takes most of its time. */
const sources = new Map<string, typescript.SourceFile | undefined>();

/** The JSON schemas of Kubernetes let unknown fields pass; TypeScript does not, in a literal. */
function typeFaults(manifests: readonly Manifest[]): string[] {
  const file = resolve('test/deploy/rendered.ts');
  const text = manifests.map((manifest) => `(${JSON.stringify(manifest)} satisfies import('${modelOf(manifest)[0]}').I${manifest.kind});`);
  const options: typescript.CompilerOptions = { strict: true, exactOptionalPropertyTypes: true, noEmit: true, skipLibCheck: true, types: [], lib: ['lib.es2024.d.ts'], module: ts.ModuleKind.NodeNext, target: ts.ScriptTarget.ES2024 };
  const host = ts.createCompilerHost(options);
  const source = ts.createSourceFile(file, text.join('\n'), ts.ScriptTarget.ES2024);
  const { getSourceFile, fileExists } = host;
  host.getSourceFile = (name, ...rest) => {
    if (name === file) return source;
    if (!sources.has(name)) sources.set(name, getSourceFile(name, ...rest));
    return sources.get(name);
  };
  host.fileExists = (name) => name === file || fileExists(name);
  const program = ts.createProgram([file], options, host);
  return ts.getPreEmitDiagnostics(program).map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'));
}

function modelOf({ apiVersion, kind }: Manifest): [module: string, Model: Model] {
  const model = Object.entries<Model>(MODELS).find(([module]) => module.endsWith(`/${apiVersion}/${kind}`));
  if (!model) throw new Error(`There is no schema for ${apiVersion} ${kind}.`);
  return model;
}
