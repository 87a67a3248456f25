// SPDX-License-Identifier: Apache-2.0
import { networkPlan, nodeNames } from '../network-plan.ts';
import { expectStatus, type ApiWriter } from './api-writer.ts';

const heartbeatMs = 10_000;
const leaseSeconds = 40;
const resources = { cpu: '32', memory: '64Gi', pods: '250', 'ephemeral-storage': '100Gi' };

/** Registers the playground's nodes and keeps them Ready; returns what ends that. */
export async function startNodeHeartbeat(api: ApiWriter): Promise<() => void> {
  for (const name of nodeNames) {
    const node = {
      apiVersion: 'v1',
      kind: 'Node',
      metadata: { name, labels: { 'kubernetes.io/hostname': name, 'kubernetes.io/os': 'linux' } },
    };
    expectStatus(await api.post('/api/v1/nodes', node), `registering node ${name}`, [409]);
  }
  const beat = async (): Promise<void> => {
    for (const name of nodeNames) await beatOnce(api, name);
  };
  await beat();
  const timer = setInterval(() => {
    // A heartbeat that is missed while the API is away is followed by the next one.
    void beat().catch(() => undefined);
  }, heartbeatMs);
  return () => clearInterval(timer);
}

async function beatOnce(api: ApiWriter, name: string): Promise<void> {
  const now = new Date().toISOString();
  const condition = (type: string, status: 'True' | 'False', reason: string) => ({
    type,
    status,
    reason,
    lastHeartbeatTime: now,
  });
  await api.patch(`/api/v1/nodes/${name}/status`, {
    status: {
      capacity: resources,
      allocatable: resources,
      addresses: [
        { type: 'InternalIP', address: networkPlan.gateway },
        { type: 'Hostname', address: name },
      ],
      nodeInfo: {
        architecture: process.arch === 'arm64' ? 'arm64' : 'amd64',
        operatingSystem: 'linux',
        kubeletVersion: 'v1.37.2',
        containerRuntimeVersion: 'signet://1',
        osImage: 'linux',
        bootID: '',
        kernelVersion: '',
        kubeProxyVersion: '',
        machineID: '',
        systemUUID: '',
      },
      conditions: [
        condition('Ready', 'True', 'KubeletReady'),
        condition('MemoryPressure', 'False', 'KubeletHasSufficientMemory'),
        condition('DiskPressure', 'False', 'KubeletHasNoDiskPressure'),
        condition('PIDPressure', 'False', 'KubeletHasSufficientPID'),
      ],
    },
  });
  const spec = { holderIdentity: name, leaseDurationSeconds: leaseSeconds, renewTime: now.replace('Z', '000Z') };
  const lease = {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: { name, namespace: 'kube-node-lease' },
    spec,
  };
  const path = '/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases';
  const answer = await api.patch(`${path}/${name}`, { spec });
  if (answer.status === 404) await api.post(path, lease);
}
