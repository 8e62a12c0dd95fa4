import { styleText } from 'node:util';
import type { Running } from './diagnose.js';
import { counted, LEVELS, type Finding, type Findings, type Level } from './findings.js';

type Out = Pick<NodeJS.WriteStream, 'write'>;

const COLOURS = { ok: 'green', note: 'gray', unknown: 'cyan', warning: 'yellow', fault: 'red' } as const;

/** Prints findings as they come, part by part. Coloured on a terminal, unless NO_COLOR is set. */
export async function printText(parts: readonly Running[], out: Out): Promise<void> {
  for (const [index, { found, done }] of parts.entries()) {
    out.write(`${index === 0 ? '' : '\n'}${paint('bold', found.title, out)}\n`);
    found.watch((finding) => out.write(`  ${paint(COLOURS[finding.level], finding.level.padEnd(8), out)} ${sentence(finding)}\n`));
    await done;
  }
  const findings = parts.map(({ found }) => found);
  out.write(`\n${counted(count(findings, 'fault'), 'fault')}, ${counted(count(findings, 'warning'), 'warning')}\n`);
}

/** Prints one JSON object, once all checks are done. docs/doctor.md describes it. */
export async function printJson(parts: readonly Running[], out: Out): Promise<void> {
  await allDone(parts);
  const findings = parts.map(({ found }) => found);
  const counts = Object.fromEntries(LEVELS.map((level) => [level, count(findings, level)]));
  const report = { version: 1, healthy: counts.fault === 0, counts, findings: findings.flatMap(({ list }) => list) };
  out.write(`${JSON.stringify(report, undefined, 2)}\n`);
}

/** Resolves when all checks have ended. */
export async function allDone(parts: readonly Running[]): Promise<void> {
  // A check that says what it will do waits until somebody listens.
  for (const { found } of parts) found.watch(() => {});
  await Promise.all(parts.map(({ done }) => done));
}

export function faultsIn(parts: readonly Running[]): readonly Finding[] {
  return parts.flatMap(({ found }) => found.list.filter(({ level }) => level === 'fault'));
}

/** With the page that explains it, unless all is well. */
function sentence({ level, message, docs }: Finding): string {
  return level === 'ok' || level === 'note' ? message : `${message} (${docs})`;
}

function count(findings: readonly Findings[], level: Level): number {
  return findings.reduce((sum, { list }) => sum + list.filter((finding) => finding.level === level).length, 0);
}

const paint = (style: Parameters<typeof styleText>[0], text: string, stream: Out): string => styleText(style, text, { stream: stream as NodeJS.WriteStream });
