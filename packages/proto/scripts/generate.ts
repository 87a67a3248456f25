// SPDX-License-Identifier: Apache-2.0
// Generates everything under packages/proto/generated: types for Signet's own RPCs, static codecs for the Envoy messages
// in use, and descriptor sets. Nothing of it is committed. Skips the work when no input changed.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, globSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { agentRoots, envoyRoots, overlays } from './envoy-sources.ts';

const packageDir = path.resolve(import.meta.dirname, '..');
const repositoryDir = path.resolve(packageDir, '../..');
const finalDir = path.join(packageDir, 'generated');
// Made aside and put in place at the end: others may be reading the old one, or generating too.
const draftDir = path.join(packageDir, `.draft-${process.pid}`);
const outDir = path.join(draftDir, 'generated');
const ownProtosDir = path.join(repositoryDir, 'protos');
const require = createRequire(import.meta.url);

const xdsPackageDir = path.join(path.dirname(require.resolve('@grpc/grpc-js-xds')), '../..');
const bin = (packageName: string, file: string): string => path.join(repositoryDir, 'node_modules', packageName, file);

function run(script: string, args: readonly string[]): void {
  execFileSync(process.execPath, [script, ...args], { stdio: ['ignore', 'ignore', 'inherit'], cwd: repositoryDir });
}

function inputDigest(): string {
  const hash = createHash('sha256');
  const inputs = [
    ...globSync('**/*.proto', { cwd: ownProtosDir }).map((file) => path.join(ownProtosDir, file)),
    path.join(import.meta.dirname, 'generate.ts'),
    path.join(import.meta.dirname, 'envoy-sources.ts'),
    path.join(xdsPackageDir, 'package.json'),
    path.join(repositoryDir, 'node_modules/protobufjs-cli/package.json'),
  ].toSorted();
  for (const file of inputs) hash.update(readFileSync(file));
  return hash.digest('hex');
}

/** Copies the Envoy protos out of the package that ships them and adds what newer Envoys understand. */
function copyEnvoyProtos(): string {
  const target = path.join(outDir, 'envoy-protos');
  for (const part of ['envoy-api', 'googleapis', 'protoc-gen-validate', 'xds']) {
    cpSync(path.join(xdsPackageDir, 'deps', part), target, { recursive: true });
  }
  for (const overlay of overlays) {
    const file = path.join(target, overlay.file);
    const text = readFileSync(file, 'utf8');
    const at = text.indexOf(overlay.before);
    if (at < 0)
      throw new Error(`${overlay.file} has no «${overlay.before}»: adapt scripts/envoy-sources.ts to the package`);
    writeFileSync(file, text.slice(0, at) + overlay.insert + text.slice(at));
  }
  return target;
}

function generateOwnTypes(): void {
  const files = globSync('**/*.proto', { cwd: ownProtosDir }).toSorted();
  run(bin('@grpc/proto-loader', 'build/bin/proto-loader-gen-types.js'), [
    '--longs=Number',
    '--enums=String',
    '--defaults',
    '--oneofs',
    '--grpcLib=@grpc/grpc-js',
    '--importFileExtension=.ts',
    '--targetFileExtension=.ts',
    `--includeDirs=${ownProtosDir}`,
    `--outDir=${path.join(outDir, 'own')}`,
    ...files,
  ]);
}

/** One file that names every type, so that importers need no paths into the generated tree. */
function generateTypeIndex(): void {
  const files = globSync('{signet,istio}/**/*.ts', { cwd: path.join(outDir, 'own') }).toSorted();
  const lines = [...files, 'google/protobuf/Timestamp.ts', 'google/protobuf/Duration.ts'].map(
    (file) => `export type * from './own/${file}';`,
  );
  writeFileSync(path.join(outDir, 'types.ts'), `${lines.join('\n')}\n`);
}

/** Each module has a root of its own name: two modules of one root would take each other's messages. */
function generateEnvoyCodecs(name: string, protosDir: string, roots: readonly string[]): void {
  const js = path.join(outDir, `${name}.js`);
  const generateModule = (...flags: readonly string[]): void =>
    run(bin('protobufjs-cli', 'bin/pbjs'), [
      ...['-t', 'static-module', '-w', 'es6', '--es6', '--force-number', '-r', name],
      ...['--no-create', '--no-verify', '--no-convert', '--no-delimited', '--no-typeurl', '--no-service'],
      ...flags,
      ...['-p', protosDir, '-p', path.join(repositoryDir, 'node_modules/protobufjs')],
      ...['-o', js],
      ...roots.map((file) => path.join(protosDir, file)),
    ]);
  // The declarations come from the comments, which are half of the module: it is written again without them.
  generateModule();
  run(bin('protobufjs-cli', 'bin/pbts'), ['--no-comments', '-o', path.join(outDir, `${name}.d.ts`), js]);
  generateModule('--no-comments');
}

function generateDescriptorSet(moduleDir: string, roots: readonly string[], output: string): void {
  const buf = bin('@bufbuild/buf', 'bin/buf');
  run(buf, [
    'build',
    moduleDir,
    '--as-file-descriptor-set',
    ...roots.flatMap((file) => ['--path', path.join(moduleDir, file)]),
    '-o',
    path.join(outDir, output),
  ]);
}

const digest = inputDigest();
const stamp = path.join(finalDir, 'stamp');
if (existsSync(stamp) && readFileSync(stamp, 'utf8') === digest) process.exit(0);
mkdirSync(outDir, { recursive: true });
const envoyProtosDir = copyEnvoyProtos();
generateOwnTypes();
generateTypeIndex();
generateEnvoyCodecs('envoy', envoyProtosDir, envoyRoots);
generateEnvoyCodecs('agent', envoyProtosDir, agentRoots);
generateDescriptorSet(ownProtosDir, [], 'signet.binpb');
generateDescriptorSet(envoyProtosDir, envoyRoots, 'envoy.binpb');
writeFileSync(path.join(outDir, 'stamp'), digest);
rmSync(finalDir, { recursive: true, force: true });
renameSync(outDir, finalDir);
rmSync(draftDir, { recursive: true });
