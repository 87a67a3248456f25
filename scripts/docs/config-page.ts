// SPDX-License-Identifier: Apache-2.0
import { agentConfigShape } from '@signet/agent';
import { buildComponentSchema, components, isComponentName } from '@signet/control-plane';
import { listConfigLeaves, meshConfigSchema } from '@signet/runtime';
import { buildPage, formatMarkdownTable, type Page } from './markdown.ts';

function settingsTable(schema: Parameters<typeof listConfigLeaves>[0]): string {
  const rows = listConfigLeaves(schema, 'SIGNET').map((leaf) => [
    `\`${leaf.path}\``,
    leaf.type,
    leaf.isRequired ? '**required**' : leaf.defaultJson === undefined ? '' : `\`${leaf.defaultJson}\``,
    `\`${leaf.envName}\``,
    `${leaf.description}${leaf.isSecret ? ' Never printed.' : ''}`,
  ]);
  return formatMarkdownTable(['Setting', 'Type', 'Default', 'Environment', 'Meaning'], rows);
}

/** docs/config.md. */
export function buildConfigPage(): Page {
  const sections = Object.keys(components)
    .filter(isComponentName)
    .flatMap((name) => [`## ${name}`, settingsTable(buildComponentSchema(name))]);
  return buildPage({
    file: 'config.md',
    title: 'Configuration',
    source: 'the zod schemas of the components',
    parts: [
      'One YAML file serves all components of `signetd`. An environment variable wins over the file, a flag (`--listen.portBase 16000`) over both. Unknown keys are refused; all problems are reported at once, with file and line, and end the process with exit code 2. `signetd COMPONENT… --config FILE --print-config` prints what is in effect, secrets redacted.',
      '## All components',
      settingsTable(meshConfigSchema),
      ...sections,
      '## agent',
      'A file of its own.',
      settingsTable(agentConfigShape),
    ],
  });
}
