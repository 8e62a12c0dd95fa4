/** @needs promtool */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { collectDefaultMetrics, Registry } from 'prom-client';
import { parse } from 'yaml';
import { SCENARIOS, seriesOf } from './support/alertScenarios.js';
import { promtool, run } from './support/tools.js';

// The tools may have to be fetched first.
jest.setTimeout(120_000);

const ALERTS = resolve('deploy/prometheus/alerts.yaml');

interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly labels: { readonly severity: string };
  readonly annotations: Record<string, string>;
}

interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly description: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number };
  readonly targets: readonly { readonly expr: string; readonly legendFormat: string }[];
}

interface Use {
  readonly where: string;
  readonly expr: string;
  /** What fills in labels: a legend, or annotations. */
  readonly text: string;
}

const { rules } = (parse(readFileSync(ALERTS, 'utf8')) as { groups: [{ rules: Rule[] }] }).groups[0];
const { panels, templating } = JSON.parse(readFileSync('deploy/grafana/contacts.json', 'utf8')) as { panels: Panel[]; templating: { list: any[] } };
const graphs = panels.filter(({ type }) => type !== 'row');
const drawn: Use[] = graphs.flatMap(({ title, targets }) => targets.map(({ expr, legendFormat }) => ({ where: title, expr, text: legendFormat })));
const uses: Use[] = [
  ...rules.map(({ alert, expr, annotations }) => ({ where: alert, expr, text: Object.values(annotations).join(' ') })),
  ...drawn,
  ...templating.list.flatMap(({ name, definition }) => (definition ? { where: name, expr: definition, text: '' } : [])),
];

const operating = readFileSync('docs/operating.md', 'utf8');
/** The labels of each of our metrics, as that page has them. */
const documented = new Map([...readFileSync('docs/telemetry.md', 'utf8').matchAll(/^\| `(contacts_\w+)` \| (.*?) \|/gm)].map(([, name, labels]) => [name!, [...labels!.matchAll(/`(\w+)`/g)].map(([, label]) => label!)]));

const namesIn = (text: string): string[] => [...text.matchAll(/\b(?:contacts|nodejs|process)_\w+/g)].map(([name]) => (name.startsWith('contacts_') ? name.replace(/_(bucket|sum|count)$/, '') : name));

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'rules-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** JSON is YAML too. */
function write(name: string, content: object): string {
  const file = join(folder, name);
  writeFileSync(file, JSON.stringify(content));
  return file;
}

describe('the dashboard and the alerts', () => {
  test('name metrics that the service has, all of them', () => {
    const files = readdirSync('src/telemetry', { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'));
    const source = files.map((file) => readFileSync(join('src/telemetry', file), 'utf8')).join('\n');
    const ours = new Set([...source.matchAll(/'(contacts_\w+)'/g)].map(([, name]) => name!));
    const own = new Registry();
    collectDefaultMetrics({ register: own });
    const known = new Set([...ours, ...own.getMetricsAsArray().map(({ name }) => name)]);
    own.clear();
    expect(uses.flatMap(({ where, expr }) => namesIn(expr).filter((name) => !known.has(name)).map((name) => `${where}: ${name}`))).toEqual([]);
    expect([...ours].filter((name) => !drawn.some(({ expr }) => namesIn(expr).includes(name)))).toEqual([]);
    expect([...documented.keys()].sort()).toEqual([...ours].sort());
  });

  test('name labels that these metrics have', () => {
    const strange = uses.flatMap(({ where, expr, text }) => {
      const known = new Set(['le', 'instance', 'job', ...namesIn(expr).flatMap((name) => documented.get(name) ?? [])]);
      const matched = [...expr.matchAll(/(\w+)(?:=~|!~|!=|=)"/g)].map(([, label]) => label!);
      const grouped = [...expr.matchAll(/\b(?:by|on) \(([^)]*)\)/g)].flatMap(([, labels]) => labels!.split(', '));
      const filled = [...text.matchAll(/\{\{ ?(?:\$labels\.)?(\w+) ?\}\}/g)].map(([, label]) => label!);
      return [...matched, ...grouped, ...filled].filter((label) => !known.has(label)).map((label) => `${where}: ${label}`);
    });
    expect(strange).toEqual([]);
  });
});

describe('the dashboard', () => {
  test('asks what Prometheus understands', () => {
    const recorded = drawn.map(({ expr }, n) => ({ record: `dashboard:${n}`, expr: expr.replaceAll('$__rate_interval', '5m') }));
    const file = write('dashboard.yaml', { groups: [{ name: 'dashboard', rules: recorded }] });
    expect(run(promtool(), ['check', 'rules', '--lint=none', file])).toContain(`${drawn.length} rules found`);
  });

  test('explains each graph, and has room for each', () => {
    for (const { title, description, gridPos } of graphs) {
      expect({ title, description }).toEqual({ title, description: expect.stringMatching(/\.$/) });
      expect(gridPos.x + gridPos.w).toBeLessThanOrEqual(24);
    }
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
    expect(new Set(graphs.map(({ gridPos: { x, y } }) => `${x} ${y}`)).size).toBe(graphs.length);
  });
});

describe('the alerts', () => {
  test('are rules that Prometheus takes', () => {
    expect(run(promtool(), ['check', 'rules', ALERTS])).toContain(`${rules.length} rules found`);
  });

  test.each(rules)('$alert says what it means and what to do', ({ alert, labels, annotations }) => {
    expect(Object.keys(annotations)).toEqual(['summary', 'description', 'runbook']);
    expect(annotations.description).toMatch(/\.$/);
    expect(annotations.runbook).toMatch(/\.$/);
    expect(labels.severity).toMatch(/^(critical|warning)$/);
    expect(operating).toContain(`| \`${alert}\` | ${labels.severity} |`);
  });

  test('fire when they should, each alone, and not when all is well', () => {
    expect(new Set(SCENARIOS.flatMap(({ fires }) => fires ?? []))).toEqual(new Set(rules.map(({ alert }) => alert)));
    const tests = SCENARIOS.map((scenario) => ({
      interval: '1m',
      input_series: seriesOf(scenario),
      promql_expr_test: [
        {
          expr: 'count by (alertname) (ALERTS{alertstate="firing"})',
          eval_time: '60m',
          exp_samples: scenario.fires ? [{ labels: `{alertname="${scenario.fires}"}`, value: 1 }] : [],
        },
      ],
    }));
    const file = write('alerts.test.yaml', { rule_files: [ALERTS], evaluation_interval: '1m', tests });
    expect(run(promtool(), ['test', 'rules', file])).toContain('SUCCESS');
  });
});
