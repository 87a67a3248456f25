// SPDX-License-Identifier: Apache-2.0
import { spawn } from 'node:child_process';
import { existsSync, globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import path from 'node:path';
import { repositoryDir } from '../bootstrap/cache.mjs';

/** Which test files to run and how. */
export interface JestRun {
  /** Relative to the repository. */
  readonly files: readonly string[];
  /** One file after the other in one process: for suites that start big programs. */
  readonly isSerial: boolean;
  /** Keeps what jest prints to itself unless something fails. */
  readonly isQuiet?: boolean;
  /** Additional arguments of jest. */
  readonly args?: readonly string[];
}

/** What came of it. */
export interface JestTotals {
  readonly passed: number;
  readonly failed: number;
  /** Full names of tests that did not run. */
  readonly skipped: readonly string[];
  /** Files that ran, relative to the repository. */
  readonly files: readonly string[];
}

interface JestReport {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numRuntimeErrorTestSuites: number;
  readonly testResults: readonly {
    readonly name: string;
    readonly assertionResults: readonly { readonly status: string; readonly fullName: string }[];
  }[];
}

/** A run that has reported and does not end within this time has left something open. */
const lingerMsMax = 20_000;

/** All test files of a kind, relative to the repository. */
export function findTests(pattern: string): string[] {
  return globSync(pattern, { cwd: repositoryDir })
    .filter((file) => !file.includes('node_modules/'))
    .toSorted();
}

/** Runs jest on exactly these files; what it prints goes to stderr. */
export async function runJest(run: JestRun): Promise<JestTotals> {
  if (run.files.length === 0) return { passed: 0, failed: 0, skipped: [], files: [] };
  const directory = mkdtempSync(path.join(tmpdir(), 'signet-jest-'));
  const reportFile = path.join(directory, 'report.json');
  try {
    const code = await spawnJest(run, reportFile);
    if (!existsSync(reportFile)) throw new Error(`jest ended with ${code} and without a report`);
    const totals = readReport(reportFile);
    return code === 0 || totals.failed > 0 ? totals : { ...totals, failed: 1 };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function spawnJest(run: JestRun, reportFile: string): Promise<number | string | null> {
  const args = [
    ...['--experimental-vm-modules', '--disable-warning=ExperimentalWarning', 'node_modules/jest/bin/jest.js'],
    ...['--ci', '--json', '--outputFile', reportFile, '--testLocationInResults'],
    ...(run.isSerial ? ['--runInBand'] : []),
    ...(run.args ?? []),
    ...['--runTestsByPath', ...run.files],
  ];
  return new Promise((resolve, reject) => {
    // The report also goes to stdout, which belongs to the command.
    const child = spawn(process.execPath, args, { cwd: repositoryDir, stdio: ['ignore', 'ignore', 'pipe'] });
    let kept = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      if (run.isQuiet === true) kept += text;
      else process.stderr.write(text);
    });
    // Whoever ends this command must not leave jest, and with it the real parts, behind.
    const endings = (['SIGINT', 'SIGTERM', 'SIGHUP'] as const).map((signal) => {
      const end = (): void => {
        child.kill('SIGTERM');
        process.exit(128 + constants.signals[signal]);
      };
      process.once(signal, end);
      return () => process.removeListener(signal, end);
    });
    const watch = setInterval(() => {
      if (!existsSync(reportFile)) return;
      clearInterval(watch);
      setTimeout(() => {
        process.stderr.write('jest does not end: a test left something open\n');
        child.kill('SIGKILL');
      }, lingerMsMax).unref();
    }, 1000);
    child.once('error', reject);
    child.once('close', (code, signal) => {
      clearInterval(watch);
      for (const forget of endings) forget();
      if (code !== 0) process.stderr.write(kept);
      resolve(code ?? signal);
    });
  });
}

function readReport(file: string): JestTotals {
  const report = JSON.parse(readFileSync(file, 'utf8')) as JestReport;
  const skipped = report.testResults.flatMap((result) =>
    result.assertionResults
      .filter(({ status }) => status !== 'passed' && status !== 'failed')
      .map(({ fullName }) => fullName),
  );
  return {
    passed: report.numPassedTests,
    failed: report.numFailedTests + report.numRuntimeErrorTestSuites,
    skipped,
    files: report.testResults.map(({ name }) => path.relative(repositoryDir, name)),
  };
}
