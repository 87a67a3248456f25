// SPDX-License-Identifier: Apache-2.0
import { SignetError, reasons } from '@signet/model';
import { Command, InvalidArgumentError, Option } from 'commander';
import { showCertificates } from './commands/cert.ts';
import { showEdges } from './commands/edges.ts';
import { showEndpoints } from './commands/endpoints.ts';
import { execInPod, type ExecStreams } from './commands/exec.ts';
import { showFindings } from './commands/findings.ts';
import { showPolicies } from './commands/policies.ts';
import { showProxyStatus } from './commands/proxy-status.ts';
import { showServices } from './commands/services.ts';
import { showStatus } from './commands/status.ts';
import { waitForProxies } from './commands/wait.ts';
import { showWorkloads } from './commands/workloads.ts';
import { createConnections } from './connections.ts';
import { loadContext, type CliContext, type ContextOverrides } from './context.ts';
import type { Session, Streams } from './session.ts';
import { sanitise } from './table.ts';
import { UsageError } from './usage-error.ts';
import { parseDurationMs } from './values.ts';

/** What the program takes from the process. */
export interface ProgramDeps extends Streams {
  readonly env: NodeJS.ProcessEnv;
  readonly exec: ExecStreams;
  readonly now: () => Date;
  setExitCode(code: number): void;
}

type GlobalOptions = ContextOverrides & { readonly output: 'table' | 'json'; readonly namespace?: string };

function findContext(options: GlobalOptions, deps: ProgramDeps): CliContext {
  const context = loadContext(options, deps.env);
  if (!context.ok) throw new UsageError(context.error);
  return context.value;
}

async function runInSession(
  command: Command,
  deps: ProgramDeps,
  work: (session: Session) => Promise<number>,
): Promise<void> {
  const options = command.optsWithGlobals<GlobalOptions>();
  const context = findContext(options, deps);
  const connections = createConnections(context);
  try {
    const session: Session = {
      context,
      connections,
      format: options.output,
      namespace: options.namespace ?? '',
      streams: deps,
      now: deps.now,
    };
    deps.setExitCode(await work(session));
  } finally {
    await connections.close();
  }
}

/** Text for the person at the terminal: what, why, what to do. */
export function describeError(error: unknown): string {
  if (error instanceof UsageError) return `signet: ${sanitise(error.message)}\n`;
  if (!(error instanceof SignetError))
    return `signet: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`;
  const field = error.field === undefined ? '' : ` (${error.field})`;
  return `signet: ${sanitise(error.message)}${field}\n  ${error.reason}: ${reasons[error.reason].remedy}\n`;
}

function parseTimeout(text: string): number {
  const durationMs = parseDurationMs(text);
  if (durationMs === undefined) throw new InvalidArgumentError('expected for example 30s or 2m');
  return durationMs;
}

const listings = [
  { name: 'status', text: 'the state of the mesh on one screen', run: showStatus },
  { name: 'services', text: 'Services, with how many endpoints are offered and withheld', run: showServices },
  { name: 'workloads', text: 'pods, with origin, identity and certificate', run: showWorkloads },
  {
    name: 'endpoints',
    text: 'addresses behind Services, with the reason for offering or withholding each',
    run: showEndpoints,
  },
  { name: 'edges', text: 'who called whom, over what, and which rule decided', run: showEdges },
  { name: 'findings', text: 'pods that do not belong where they are', run: showFindings },
  { name: 'policies', text: 'what became of every policy object', run: showPolicies },
  { name: 'proxy-status', text: 'what every proxy acknowledged and rejected', run: showProxyStatus },
] as const;

/** Builds the command line program. */
export function createProgram(deps: ProgramDeps): Command {
  const program = new Command('signet')
    .description('Looks into a Signet mesh.')
    .addOption(new Option('-o, --output <format>', 'output format').choices(['table', 'json']).default('table'))
    .option(
      '--context <file>',
      'file that says where the mesh is (also SIGNET_CONTEXT); default: the running playground',
    )
    .option('--discovery <host:port>', 'gRPC address of discovery')
    .option('--config-address <host:port>', 'address of config')
    .option('--ca <host:port>', 'address of the CA’s token listener')
    .option('--roots <file>', 'PEM roots of the mesh')
    .option('--token-file <file>', 'service account token of an operator')
    .configureOutput({ writeOut: (text) => void deps.out.write(text), writeErr: (text) => void deps.err.write(text) })
    .showHelpAfterError('(see --help)');

  for (const { name, text, run } of listings) {
    const command = program.command(name).description(text);
    command.option('-n, --namespace <namespace>', 'only this namespace');
    command.action(() => runInSession(command, deps, run));
  }
  const cert = program
    .command('cert')
    .description('certificates that the ledger holds for a pod')
    .argument('<namespace/pod>')
    .action((pod: string) => runInSession(cert, deps, (session) => showCertificates(session, pod)));
  const wait = program
    .command('wait')
    .description('re-read the source and wait until every proxy has acknowledged')
    .option('--timeout <duration>', 'give up after this long', parseTimeout, 30_000)
    .action((options: { readonly timeout: number }) =>
      runInSession(wait, deps, (session) => waitForProxies(session, options.timeout)),
    );
  const exec = program
    .command('exec')
    .description('run a command inside a pod of a playground')
    .argument('<namespace/pod>')
    .argument('<command...>', 'after --')
    .action(async (pod: string, command: readonly string[]) => {
      const { execSocket } = findContext(exec.optsWithGlobals<GlobalOptions>(), deps);
      deps.setExitCode(await execInPod({ socketPath: execSocket, podName: pod, command, streams: deps.exec }));
    });
  return program;
}
