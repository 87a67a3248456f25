// SPDX-License-Identifier: Apache-2.0
// `npm run bench -- NAME [-o json] [--rounds N] [--seconds N]`.
import { parseArgs } from 'node:util';
import { buildReport, runInTurns, type Benchmark } from './benchmark.ts';
import { csrBenchmark } from './csr/csr-benchmark.ts';
import { describeMachine } from './machine.ts';
import { formatReport } from './report.ts';

const benchmarks: readonly Benchmark[] = [csrBenchmark];
const usage = `usage: npm run bench -- NAME [-o json] [--rounds N] [--seconds N]\nnames: ${benchmarks.map(({ name }) => name).join(', ')}\n`;

function say(text: string): void {
  process.stderr.write(`bench: ${text}\n`);
}

async function runBenchmark(
  benchmark: Benchmark,
  o: { readonly rounds: number; readonly durationMs: number; readonly isJson: boolean },
): Promise<number> {
  const machine = describeMachine();
  const prepared = await benchmark.prepare(say);
  try {
    const results = await runInTurns(prepared.contenders, {
      ...o,
      onSample: (name, sample) => say(`${name}: ${Math.round((sample.operations / sample.elapsedMs) * 1000)}/s`),
    });
    const problems = prepared.check?.(results) ?? [];
    const versions = { node: process.version, ...prepared.versions };
    const report = buildReport({ benchmark, versions, machine, results, problems });
    process.stdout.write(o.isJson ? `${JSON.stringify(report, undefined, 2)}\n` : formatReport(report));
    return problems.length === 0 ? 0 : 1;
  } finally {
    await prepared.stop();
  }
}

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      output: { type: 'string', short: 'o', default: 'text' },
      rounds: { type: 'string', default: '5' },
      seconds: { type: 'string', default: '4' },
    },
  });
  const benchmark = benchmarks.find(({ name }) => name === positionals[0]);
  const rounds = Number(values.rounds);
  const durationMs = Number(values.seconds) * 1000;
  if (benchmark === undefined || positionals.length !== 1 || !(rounds >= 1) || !(durationMs > 0)) {
    process.stderr.write(usage);
    return 2;
  }
  return await runBenchmark(benchmark, { rounds, durationMs, isJson: values.output === 'json' });
}

process.exitCode = await main();
