// SPDX-License-Identifier: Apache-2.0
import { existsSync, mkdirSync, rmSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { manifest, repositoryDir } from '../bootstrap/cache.mjs';
import { Missing, say } from '../bootstrap/progress.mjs';
import { findProgram, runQuietly } from '../bootstrap/run.mjs';
import { clientToolId } from './client-program.ts';
import { ensureTool } from './tool-directory.ts';

const goDirectory = path.join(repositoryDir, 'scripts/go');
const goVersionMin = [1, 26] as const;

/** The Go that the tests need; the demo needs none. */
async function findGo(): Promise<string> {
  const remedy = `install Go ${goVersionMin.join('.')} or newer (https://go.dev/dl) and put it on PATH`;
  const go = findProgram('go');
  if (go === undefined) throw new Missing(`Go is missing: ${remedy}`);
  const text = await runQuietly(go, ['version']);
  const [, major = '0', minor = '0'] = /go(\d+)\.(\d+)/.exec(text) ?? [];
  if (Number(major) < goVersionMin[0] || (Number(major) === goVersionMin[0] && Number(minor) < goVersionMin[1])) {
    throw new Missing(`${text.trim()} is too old: ${remedy}`);
  }
  return go;
}

async function goBuild(module: string, output: string, ldflags = '-s -w'): Promise<void> {
  const go = await findGo();
  await runQuietly(go, ['build', '-trimpath', '-ldflags', ldflags, '-o', output, '.'], {
    cwd: path.join(goDirectory, module),
    env: { CGO_ENABLED: '0', GOFLAGS: '' },
  });
}

const kubernetesPrograms = [
  'kube-apiserver',
  'kube-controller-manager',
  'kube-scheduler',
  'kube-proxy',
  'kubelet',
  'kubectl',
] as const;

/** The API server and its companions, one program under several names. `KUBEBUILDER_ASSETS` may bring them instead. */
export async function ensureKubernetes(): Promise<void> {
  const assets = process.env['KUBEBUILDER_ASSETS'];
  const wanted = ['etcd', 'kube-apiserver', 'kube-controller-manager', 'kube-scheduler', 'kubectl'];
  if (assets !== undefined && wanted.every((name) => existsSync(path.join(assets, name)))) {
    say(`using the programs in KUBEBUILDER_ASSETS (${assets})`);
    return;
  }
  await ensureEtcd();
  const { version } = manifest.kubernetes;
  const [major = '', minor = ''] = version.split('.');
  const base = 'k8s.io/component-base/version';
  const values = { gitVersion: `v${version}`, gitMajor: major, gitMinor: minor, gitTreeState: 'clean' };
  const stamps = Object.entries(values).map(([name, value]) => `-X ${base}.${name}=${value}`);
  await ensureTool({
    id: `kubernetes-${version}`,
    title: `building Kubernetes ${version} (10 to 20 minutes the first time)`,
    proof: 'bin/kubectl',
    build: async (directory) => {
      mkdirSync(path.join(directory, 'bin'));
      await goBuild('kubernetes', path.join(directory, 'bin/kubernetes'), ['-s', '-w', ...stamps].join(' '));
      for (const name of kubernetesPrograms) symlinkSync('kubernetes', path.join(directory, 'bin', name));
    },
  });
}

async function ensureEtcd(): Promise<void> {
  const { version } = manifest.etcd;
  await ensureTool({
    id: `etcd-${version}`,
    title: `building etcd ${version} (about 2 minutes the first time)`,
    proof: 'etcd',
    build: (directory) => goBuild('etcd', path.join(directory, 'etcd')),
  });
}

/** The witness: a client that knows Signet from `protos/` alone. */
export async function ensureClient(): Promise<void> {
  await ensureTool({
    id: clientToolId(),
    title: 'generating and building the Go client',
    proof: 'client',
    build: buildClient,
  });
}

async function buildClient(directory: string): Promise<void> {
  const go = await findGo();
  const module = path.join(goDirectory, 'client');
  const plugins = path.join(directory, 'plugins');
  for (const tool of [
    'google.golang.org/protobuf/cmd/protoc-gen-go',
    'google.golang.org/grpc/cmd/protoc-gen-go-grpc',
  ]) {
    await runQuietly(go, ['build', '-o', `${plugins}/`, tool], { cwd: module, env: { CGO_ENABLED: '0' } });
  }
  const buf = path.join(repositoryDir, 'node_modules/@bufbuild/buf/bin/buf');
  await runQuietly(process.execPath, [buf, 'generate', path.join(repositoryDir, 'protos'), '--output', module], {
    cwd: module,
    env: { PATH: `${plugins}${path.delimiter}${process.env['PATH'] ?? ''}` },
  });
  rmSync(plugins, { recursive: true });
  await goBuild('client', path.join(directory, 'client'));
}
