import { resolve } from 'node:path';
import { Deployment } from 'kubernetes-models/apps/v1';
import { HorizontalPodAutoscaler } from 'kubernetes-models/autoscaling/v2';
import { NetworkPolicy } from 'kubernetes-models/networking.k8s.io/v1';
import { PodDisruptionBudget } from 'kubernetes-models/policy/v1';
import { Service, ServiceAccount } from 'kubernetes-models/v1';
import { PrometheusRule, ServiceMonitor } from '@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1';
import ts from 'typescript';
import type { Manifest } from './chart.js';

/** Where each kind's class and type are: made from the OpenAPI documents of Kubernetes and of the Prometheus operator. */
const MODELS = [
  { module: 'kubernetes-models/apps/v1', models: { Deployment } },
  { module: 'kubernetes-models/autoscaling/v2', models: { HorizontalPodAutoscaler } },
  { module: 'kubernetes-models/networking.k8s.io/v1', models: { NetworkPolicy } },
  { module: 'kubernetes-models/policy/v1', models: { PodDisruptionBudget } },
  { module: 'kubernetes-models/v1', models: { Service, ServiceAccount } },
  { module: '@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1', models: { ServiceMonitor, PrometheusRule } },
];

type Model = new (data: any) => { validate(): void };

/** What is wrong with manifests: by the JSON schemas of their kinds, and by their types, which know no further fields. */
export function faultsIn(manifests: readonly Manifest[]): string[] {
  return [...manifests.flatMap(schemaFaults), ...typeFaults(manifests)];
}

function schemaFaults(manifest: Manifest): string[] {
  const Model = modelOf(manifest).models[manifest.kind as never] as Model;
  try {
    new Model(manifest).validate();
    return [];
  } catch (error) {
    return [`${manifest.kind}: ${String(error)}`];
  }
}

/** The JSON schemas of Kubernetes let unknown fields pass; TypeScript does not, in a literal. */
function typeFaults(manifests: readonly Manifest[]): string[] {
  const file = resolve('test/deploy/rendered.ts');
  const text = manifests.map((manifest) => `(${JSON.stringify(manifest)} satisfies import('${modelOf(manifest).module}').I${manifest.kind});`);
  const options: ts.CompilerOptions = { strict: true, exactOptionalPropertyTypes: true, noEmit: true, skipLibCheck: true, types: [], module: ts.ModuleKind.NodeNext, target: ts.ScriptTarget.ES2024 };
  const host = ts.createCompilerHost(options);
  const source = ts.createSourceFile(file, text.join('\n'), ts.ScriptTarget.ES2024);
  const { getSourceFile, fileExists } = host;
  host.getSourceFile = (name, ...rest) => (name === file ? source : getSourceFile(name, ...rest));
  host.fileExists = (name) => name === file || fileExists(name);
  const program = ts.createProgram([file], options, host);
  return ts.getPreEmitDiagnostics(program).map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'));
}

function modelOf({ apiVersion, kind }: Manifest): (typeof MODELS)[number] {
  const model = MODELS.find(({ module, models }) => kind in models && module.endsWith(`/${apiVersion}`));
  if (!model) throw new Error(`There is no schema for ${apiVersion} ${kind}.`);
  return model;
}
