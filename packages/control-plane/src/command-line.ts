// SPDX-License-Identifier: Apache-2.0
import { failure, success, type Result } from '@signet/model';
import { components, isComponentName, type ComponentName } from './components.ts';

/** What the command line asks for. */
export interface CommandLine {
  readonly components: readonly ComponentName[];
  readonly file: string | undefined;
  readonly printConfig: boolean;
  readonly help: boolean;
  /** By dotted path, as text. */
  readonly overrides: Readonly<Record<string, string>>;
}

/** Text of `signetd --help`. */
export const usage = `usage: signetd COMPONENT… [--config FILE] [--print-config] [--SETTING VALUE…]

components: ${Object.keys(components).join(', ')}

  --config FILE    YAML file; SIGNET_CONFIG names one too
  --print-config   print the effective configuration, secrets redacted, and stop
  --SETTING VALUE  one setting by its dotted path, for example --listen.portBase 16000;
                   SIGNET_LISTEN_PORT_BASE=16000 in the environment does the same, and a flag wins

All settings: docs/config.md. Exit codes: 0 stopped by a signal, 1 failed, 2 command line or configuration is wrong.
`;

/** Reads the arguments after the program's name; the failure lists every problem. */
export function parseCommandLine(
  args: readonly string[],
  env: NodeJS.ProcessEnv,
): Result<CommandLine, readonly string[]> {
  const names = new Set<ComponentName>();
  const overrides: Record<string, string> = {};
  const problems: string[] = [];
  const rest = [...args];
  let file = env['SIGNET_CONFIG'];
  let printConfig = false;
  let help = false;
  for (let arg = rest.shift(); arg !== undefined; arg = rest.shift()) {
    const flag = /^--([A-Za-z][\w.-]*)(?:=(.*))?$/s.exec(arg);
    if (flag === null) {
      if (isComponentName(arg)) names.add(arg);
      else problems.push(`«${arg}» is no component; there are ${Object.keys(components).join(', ')}`);
      continue;
    }
    const [, name = '', inline] = flag;
    if (name === 'help') help = true;
    else if (name === 'print-config') printConfig = true;
    else {
      const value = inline ?? rest.shift();
      if (value === undefined) problems.push(`--${name} needs a value`);
      else if (name === 'config') file = value;
      else overrides[name] = value;
    }
  }
  if (!help && names.size === 0 && problems.length === 0) problems.push('name at least one component');
  if (problems.length > 0) return failure(problems);
  return success({ components: [...names], file, printConfig, help, overrides });
}
