// SPDX-License-Identifier: Apache-2.0
import { existsSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { failure, success, type Result } from '@signet/model';

/** What `npm run demo -- …` was asked for. */
export interface PlaygroundOptions {
  readonly meshDirectory: string;
  readonly stateDirectory: string;
  /** Port 150xx is reached at portBase + xx on the host's loopback. */
  readonly portBase: number;
  /** The playground is only the kubelet of this kube-apiserver. */
  readonly kubeconfig: string | undefined;
  readonly attestation: boolean;
  /** One process for each service of the control plane. */
  readonly isSplit: boolean;
  /** Bring up, make the declared calls, stop. */
  readonly isOnce: boolean;
  readonly isJson: boolean;
}

/** Text of `--help`. */
export const usage = `usage: npm run demo -- [OPTION…]

  --mesh DIR            directory of Kubernetes manifests (docs/examples/shop)
  --state DIR           where the mesh keeps its things (\${XDG_STATE_HOME:-~/.local/state}/signet)
  --port-base N         the control plane's port 150xx is found at 127.0.0.1:(N + xx) (15000)
  --kubeconfig FILE     be only the kubelet of that kube-apiserver
  --without attestation offer every Ready endpoint, to show what happens then
  --split               run ca, discovery and config as three processes
  --once                bring up, make the calls that the mesh declares, stop; exit 0 if all came out as expected
  -o json               with --once: one JSON document on standard output (docs/demo-output.schema.json)
`;

const repositoryDirectory = path.resolve(import.meta.dirname, '../../..');

/** Reads the command line; the failure lists every problem. `help` is a success without options. */
export function parsePlaygroundOptions(
  args: readonly string[],
  env: NodeJS.ProcessEnv,
): Result<PlaygroundOptions | 'help', readonly string[]> {
  const parsed = parse(args);
  if (!parsed.ok) return failure([parsed.error]);
  const { values } = parsed;
  if (values.help === true) return success('help');
  const problems: string[] = [];
  const meshDirectory = path.resolve(values.mesh ?? path.join(repositoryDirectory, 'docs/examples/shop'));
  if (!existsSync(meshDirectory) || !statSync(meshDirectory).isDirectory())
    problems.push(`--mesh: ${meshDirectory} is not a directory`);
  const stateHome = env['XDG_STATE_HOME'] || path.join(env['HOME'] ?? homedir(), '.local/state');
  const stateDirectory = path.resolve(values.state ?? path.join(stateHome, 'signet'));
  // Pods get an empty /run of their own, so nothing that they need can be there.
  if (/^(\/var)?\/run(\/|$)/.test(stateDirectory))
    problems.push(`--state: ${stateDirectory} is below /run; choose another place`);
  if (!path.relative(stateDirectory, meshDirectory).startsWith('..'))
    problems.push('--state: it must not hold the manifests');
  const portBase = Number(values['port-base'] ?? 15_000);
  if (!Number.isInteger(portBase) || portBase < 1024 || portBase > 65_500)
    problems.push('--port-base: expected a number from 1024 to 65500');
  const { without } = values;
  if (without !== undefined && without !== 'attestation') problems.push(`--without: «${without}» is not «attestation»`);
  if (values.output !== undefined && values.output !== 'json') problems.push(`-o: «${values.output}» is not «json»`);
  if (values.output === 'json' && values.once !== true) problems.push('-o json: it needs --once');
  const kubeconfig = values.kubeconfig === undefined ? undefined : path.resolve(values.kubeconfig);
  if (kubeconfig !== undefined && !existsSync(kubeconfig)) problems.push(`--kubeconfig: ${kubeconfig} does not exist`);
  if (problems.length > 0) return failure(problems);
  return success({
    meshDirectory,
    stateDirectory,
    portBase,
    kubeconfig,
    attestation: without === undefined,
    isSplit: values.split === true,
    isOnce: values.once === true,
    isJson: values.output === 'json',
  });
}

type Parsed = ReturnType<typeof parseStrictly>;

function parseStrictly(args: readonly string[]) {
  return parseArgs({
    args: [...args],
    options: {
      mesh: { type: 'string' },
      state: { type: 'string' },
      'port-base': { type: 'string' },
      kubeconfig: { type: 'string' },
      without: { type: 'string' },
      split: { type: 'boolean' },
      once: { type: 'boolean' },
      output: { type: 'string', short: 'o' },
      help: { type: 'boolean', short: 'h' },
    },
  });
}

function parse(
  args: readonly string[],
): { readonly ok: true; readonly values: Parsed['values'] } | { readonly ok: false; readonly error: string } {
  try {
    return { ok: true, values: parseStrictly(args).values };
  } catch (error) {
    return { ok: false, error: error instanceof Error ? error.message : String(error) };
  }
}
