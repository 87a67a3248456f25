// SPDX-License-Identifier: Apache-2.0
import { existsSync } from 'node:fs';
import path from 'node:path';
import { repositoryDir } from '../bootstrap/cache.mjs';
import { expectSuccess } from '../node-program.ts';
import { type Step } from '../step-list.ts';
import { checkBoundaries } from './boundaries.ts';
import { checkLayout } from './layout.ts';

export const formattedFiles = ['**/*.{ts,mts,mjs,js,json}'];

const bufLint = {
  version: 'v2',
  modules: [{ path: 'protos' }],
  lint: {
    use: ['STANDARD', 'COMMENT_RPC', 'COMMENT_SERVICE', 'COMMENT_FIELD'],
    // Names that follow the domain: one Inventory, not an InventoryService with a response type of its own for each call.
    except: [
      'SERVICE_SUFFIX',
      'RPC_REQUEST_RESPONSE_UNIQUE',
      'RPC_REQUEST_STANDARD_NAME',
      'RPC_RESPONSE_STANDARD_NAME',
    ],
    // Names and numbers of this one are Istio's.
    ignore: ['protos/istio'],
  },
};

const docsGenerator = 'scripts/docs.ts';

/** The static part of `npm run check`, quickest to most telling last. */
export const staticSteps: readonly Step[] = [
  {
    name: 'format (prettier)',
    run: async () => {
      await expectSuccess({
        file: 'node_modules/prettier/bin/prettier.cjs',
        args: ['--check', '--log-level', 'warn', '--cache', '--cache-strategy', 'content', ...formattedFiles],
      });
    },
  },
  { name: 'layout (names, licence lines, READMEs)', run: checkLayout },
  {
    name: 'types (tsc)',
    run: async () => {
      await expectSuccess({ file: 'node_modules/@typescript/native/bin/tsc', args: ['-p', '.'] });
    },
  },
  {
    name: 'lint (oxlint, type-aware)',
    run: async () => {
      await expectSuccess({
        file: 'node_modules/oxlint/bin/oxlint',
        args: ['--type-aware', '--deny-warnings', '--format', 'unix', '.'],
      });
    },
  },
  {
    name: 'protos (buf lint)',
    run: async () => {
      await expectSuccess({
        file: 'node_modules/@bufbuild/buf/bin/buf',
        args: ['lint', '--config', JSON.stringify(bufLint)],
      });
    },
  },
  { name: 'boundaries (dependency-cruiser)', run: checkBoundaries },
  {
    name: 'dead code (knip)',
    run: async () => {
      await expectSuccess({ file: 'node_modules/knip/bin/knip.js', args: ['--no-progress', '--no-config-hints'] });
    },
  },
  {
    name: 'generated documents',
    run: async () => {
      if (existsSync(path.join(repositoryDir, docsGenerator)))
        await expectSuccess({ file: docsGenerator, args: ['--check'] });
    },
  },
];
