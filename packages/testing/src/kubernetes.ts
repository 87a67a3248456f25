// SPDX-License-Identifier: Apache-2.0
import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { findFreePorts } from './free-port.ts';
import { startRealProcess, type RealProcess } from './real-process.ts';
import { createTestAuthority, type TestAuthority, type TestCertificate } from './test-authority.ts';
import { kubernetesBinary } from './tool-paths.ts';
import { waitFor } from './wait-for.ts';

/** A real Kubernetes API of its own. */
export interface KubernetesCluster {
  /** `https://127.0.0.1:PORT`. */
  readonly server: string;
  /** A kubeconfig of a member of `system:masters`. */
  readonly kubeconfig: string;
  /** CA of the API's serving certificate, also the client CA. */
  readonly caFile: string;
  /** `iss` of its service account tokens. */
  readonly issuer: string;
  /** Where its JWKS is; wants a token or the client certificate. */
  readonly jwksUrl: string;
  /** Client certificate of `kubeconfig`, for requests without a client library. */
  readonly admin: TestCertificate;
  /** Writes a kubeconfig for another user or node and returns its path. */
  createKubeconfig(user: string, groups?: readonly string[]): string;
  /** Runs kubectl and returns what it printed; throws with its stderr when it fails. */
  kubectl(args: readonly string[], input?: string): Promise<string>;
  stopApiserver(): Promise<void>;
  /** Starts it again on the same port and waits until it is ready. */
  startApiserver(): Promise<void>;
  restartApiserver(): Promise<void>;
  stop(): Promise<void>;
}

/** Options of startKubernetes. */
export interface KubernetesOptions {
  /** Runs kube-controller-manager and kube-scheduler too. Default false: no controllers, no EndpointSlices, no collection. */
  readonly controllers?: boolean;
  /** Default `https://kubernetes.default.svc.cluster.local`. */
  readonly issuer?: string;
  /** Additional flags of kube-apiserver. */
  readonly apiserverArgs?: readonly string[];
}

interface Ground {
  readonly directory: string;
  readonly authority: TestAuthority;
  readonly ports: { readonly api: number; readonly etcd: number; readonly etcdPeer: number };
  readonly issuer: string;
  file(name: string, content?: string): string;
  pair(name: string, certificate: TestCertificate): { certificate: string; key: string };
}

async function prepareGround(options: KubernetesOptions): Promise<Ground> {
  const directory = mkdtempSync(path.join(tmpdir(), 'signet-kube-'));
  const [api = 0, etcd = 0, etcdPeer = 0] = await findFreePorts(3);
  const authority = createTestAuthority('Kubernetes test root');
  const file = (name: string, content?: string): string => {
    const at = path.join(directory, name);
    if (content !== undefined) writeFileSync(at, content, { mode: 0o600 });
    return at;
  };
  file('ca.crt', authority.rootPem);
  const accounts = generateKeyPairSync('rsa', { modulusLength: 2048 });
  file('accounts.key', accounts.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString());
  file('accounts.pub', accounts.publicKey.export({ type: 'spki', format: 'pem' }).toString());
  return {
    directory,
    authority,
    ports: { api, etcd, etcdPeer },
    issuer: options.issuer ?? 'https://kubernetes.default.svc.cluster.local',
    file,
    pair: (name, certificate) => ({
      certificate: file(`${name}.crt`, certificate.chainPem),
      key: file(`${name}.key`, certificate.keyPem),
    }),
  };
}

function writeKubeconfig(ground: Ground, user: string, certificate: TestCertificate): string {
  const base64 = (text: string): string => Buffer.from(text).toString('base64');
  const server = `https://127.0.0.1:${ground.ports.api}`;
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'test', cluster: { server, 'certificate-authority-data': base64(ground.authority.rootPem) } }],
    users: [
      {
        name: user,
        user: {
          'client-certificate-data': base64(certificate.chainPem),
          'client-key-data': base64(certificate.keyPem),
        },
      },
    ],
    contexts: [{ name: 'test', context: { cluster: 'test', user } }],
    'current-context': 'test',
  };
  return ground.file(`${user.replaceAll(':', '-')}.kubeconfig`, JSON.stringify(config));
}

function startEtcd(ground: Ground): RealProcess {
  const client = `http://127.0.0.1:${ground.ports.etcd}`;
  const peer = `http://127.0.0.1:${ground.ports.etcdPeer}`;
  return startRealProcess({
    command: kubernetesBinary('etcd'),
    args: [
      ...[
        '--name',
        'test',
        '--data-dir',
        path.join(ground.directory, 'etcd'),
        '--unsafe-no-fsync',
        '--log-level',
        'error',
      ],
      ...['--listen-client-urls', client, '--advertise-client-urls', client],
      ...['--listen-peer-urls', peer, '--initial-advertise-peer-urls', peer, '--initial-cluster', `test=${peer}`],
    ],
    cwd: ground.directory,
  });
}

function apiserverArgs(ground: Ground, options: KubernetesOptions): string[] {
  const serving = ground.pair(
    'apiserver',
    ground.authority.issue({
      commonName: 'kube-apiserver',
      dnsNames: ['localhost', 'kubernetes', 'kubernetes.default', 'kubernetes.default.svc'],
      ipAddresses: ['127.0.0.1', '10.96.0.1'],
    }),
  );
  return [
    `--etcd-servers=http://127.0.0.1:${ground.ports.etcd}`,
    '--bind-address=127.0.0.1',
    '--advertise-address=127.0.0.1',
    `--secure-port=${ground.ports.api}`,
    // An apiserver on loopback cannot publish itself as an endpoint.
    '--endpoint-reconciler-type=none',
    '--service-cluster-ip-range=10.96.0.0/16',
    `--tls-cert-file=${serving.certificate}`,
    `--tls-private-key-file=${serving.key}`,
    `--client-ca-file=${ground.file('ca.crt')}`,
    `--service-account-issuer=${ground.issuer}`,
    `--service-account-signing-key-file=${ground.file('accounts.key')}`,
    `--service-account-key-file=${ground.file('accounts.pub')}`,
    '--authorization-mode=Node,RBAC',
    '--enable-admission-plugins=NodeRestriction',
    `--requestheader-client-ca-file=${ground.file('ca.crt')}`,
    '--requestheader-allowed-names=front-proxy-client',
    '--requestheader-extra-headers-prefix=X-Remote-Extra-',
    '--requestheader-group-headers=X-Remote-Group',
    '--requestheader-username-headers=X-Remote-User',
    '--kubelet-preferred-address-types=InternalIP',
    '--allow-privileged=true',
    '--profiling=false',
    ...(options.apiserverArgs ?? []),
  ];
}

function startController(ground: Ground, name: string, args: readonly string[]): RealProcess {
  const user = `system:${name}`;
  const kubeconfig = writeKubeconfig(ground, user, ground.authority.issue({ commonName: user }));
  return startRealProcess({
    command: kubernetesBinary(name),
    args: [
      `--kubeconfig=${kubeconfig}`,
      `--authentication-kubeconfig=${kubeconfig}`,
      `--authorization-kubeconfig=${kubeconfig}`,
      '--leader-elect=false',
      '--bind-address=127.0.0.1',
      '--secure-port=0',
      ...args,
    ],
    cwd: ground.directory,
  });
}

async function runKubectl(kubeconfig: string, args: readonly string[], input?: string): Promise<string> {
  const { execFile } = await import('node:child_process');
  return new Promise((resolve, reject) => {
    const child = execFile(
      kubernetesBinary('kubectl'),
      [`--kubeconfig=${kubeconfig}`, '--cache-dir', path.join(path.dirname(kubeconfig), 'kubectl'), ...args],
      { maxBuffer: 64 * 1024 * 1024 },
      (error, stdout, stderr) =>
        error === null ? resolve(stdout) : reject(new Error(`kubectl ${args.join(' ')}: ${stderr}`)),
    );
    child.stdin?.end(input ?? '');
  });
}

/** Starts etcd and a real kube-apiserver on loopback, with or without controllers; about 10 s. */
export async function startKubernetes(options: KubernetesOptions = {}): Promise<KubernetesCluster> {
  const ground = await prepareGround(options);
  const admin = ground.authority.issue({ commonName: 'signet-test-admin', organizations: ['system:masters'] });
  const kubeconfig = writeKubeconfig(ground, 'signet-test-admin', admin);
  const args = apiserverArgs(ground, options);
  const processes = new Set<RealProcess>();
  let apiserver: RealProcess | undefined;
  const kubectl = (kubectlArgs: readonly string[], input?: string): Promise<string> =>
    runKubectl(kubeconfig, kubectlArgs, input);
  const startApiserver = async (): Promise<void> => {
    const started = startRealProcess({ command: kubernetesBinary('kube-apiserver'), args, cwd: ground.directory });
    apiserver = started;
    await waitFor(
      async () => {
        if (started.exit() !== undefined) return true;
        return (await kubectl(['get', '--raw', '/readyz'])) === 'ok';
      },
      { timeoutMs: 120_000, intervalMs: 200, what: 'kube-apiserver to be ready' },
    );
    if (started.exit() !== undefined) throw new Error(`kube-apiserver ended: ${started.output().slice(-4000)}`);
  };
  const stopApiserver = async (): Promise<void> => {
    // Open watches would hold it up for as long as it is given.
    await apiserver?.stop(1000);
    apiserver = undefined;
  };
  const stop = async (): Promise<void> => {
    // Controllers first: without an apiserver they would retry until killed.
    const etcd = [...processes].slice(0, 1);
    await Promise.all([...processes].slice(1).map((process_) => process_.stop()));
    await stopApiserver();
    await Promise.all(etcd.map((process_) => process_.stop()));
    rmSync(ground.directory, { recursive: true, force: true });
  };
  try {
    processes.add(startEtcd(ground));
    await startApiserver();
    if (options.controllers === true) {
      processes.add(
        startController(ground, 'kube-controller-manager', [
          `--service-account-private-key-file=${ground.file('accounts.key')}`,
          `--root-ca-file=${ground.file('ca.crt')}`,
          '--use-service-account-credentials=true',
        ]),
      );
      processes.add(startController(ground, 'kube-scheduler', []));
      await waitFor(() => kubectl(['get', 'serviceaccount', 'default', '-o', 'name']), {
        timeoutMs: 60_000,
        intervalMs: 200,
        what: 'the default service account',
      });
    }
  } catch (error) {
    await stop();
    throw error;
  }
  const server = `https://127.0.0.1:${ground.ports.api}`;
  return {
    server,
    kubeconfig,
    caFile: ground.file('ca.crt'),
    issuer: ground.issuer,
    jwksUrl: `${server}/openid/v1/jwks`,
    admin,
    createKubeconfig: (user, groups = []) =>
      writeKubeconfig(ground, user, ground.authority.issue({ commonName: user, organizations: groups })),
    kubectl,
    startApiserver,
    stopApiserver,
    async restartApiserver(): Promise<void> {
      await stopApiserver();
      await startApiserver();
    },
    stop,
  };
}
