// SPDX-License-Identifier: Apache-2.0
import { SignetError, type InventorySnapshot, type Workload } from '@signet/model';
import type { CallContext } from '@signet/runtime';
import type { ProxyIdentity, ProxyNode } from '@signet/xds';
import type { IssuanceCache } from './issuance-cache.ts';

/** Where identities of streams come from. */
export interface StreamIdentityDeps {
  readonly issuances: Pick<IssuanceCache, 'find'>;
  /** Newest synced inventory. */
  snapshot(): InventorySnapshot | undefined;
  /** Resolves at the next change of the inventory, at the latest after `ms`. */
  nextSnapshot(ms: number, signal: AbortSignal): Promise<void>;
  readonly trustDomain: string;
  /** So long a pod may be younger than the inventory (design §5). Default 30 000. */
  readonly visibleWithinMs?: number;
  /** Monotonic, ms. */
  readonly elapsedMs: () => number;
}

/**
 * Which pod is this? The serial of the peer's certificate leads through the ledger to a pod UID and to a workload; what
 * the node id claims must agree (design §2). Throws SignetError.
 */
export async function identifyStream(
  deps: StreamIdentityDeps,
  node: ProxyNode,
  context: Pick<CallContext, 'peer' | 'signal'>,
): Promise<ProxyIdentity> {
  const { peer } = context;
  if (peer === undefined) throw new SignetError('CREDENTIAL_MISSING', 'a client certificate is required');
  const issuance = await deps.issuances.find(peer.serial);
  if (issuance.spiffeId !== peer.spiffeId) {
    throw new SignetError('SERIAL_UNKNOWN', 'the ledger has another identity under the serial of this certificate');
  }
  if (issuance.podUid === '') throw new SignetError('CALLER_NOT_ALLOWED', 'this certificate was not issued to a pod');
  const claim = parseNodeId(node.id);
  const { namespace, podName } = issuance;
  if (claim?.pod !== `${podName}.${namespace}` || claim.domain !== `${namespace}.svc.${deps.trustDomain}`) {
    throw mismatch(`sidecar~<pod ip>~${podName}.${namespace}~${namespace}.svc.${deps.trustDomain}`);
  }
  const workload = await visibleWorkload(deps, issuance.podUid, context.signal);
  if (!workload.ips.includes(claim.ip)) throw mismatch('the address of the pod in its second part');
  if (workload.phase === 'Succeeded' || workload.phase === 'Failed') {
    throw new SignetError('POD_TERMINATING', 'the pod of this certificate has finished');
  }
  return { podUid: workload.uid, namespace: workload.namespace, pod: workload.name, serial: peer.serial };
}

function mismatch(expected: string): SignetError {
  return new SignetError(
    'NODE_ID_MISMATCH',
    `the node id does not belong to the pod of the certificate; expected ${expected}`,
    {
      field: 'node.id',
    },
  );
}

interface NodeClaim {
  readonly ip: string;
  readonly pod: string;
  readonly domain: string;
}

/** Reads `sidecar~<ip>~<pod>.<namespace>~<namespace>.svc.<trust domain>`. */
function parseNodeId(id: string): NodeClaim | undefined {
  const [kind, ip, pod, domain, ...rest] = id.split('~');
  if (kind !== 'sidecar' || ip === undefined || pod === undefined || domain === undefined || rest.length > 0)
    return undefined;
  return { ip, pod, domain };
}

/** The pod with its address, which may arrive later than its proxy. */
async function visibleWorkload(deps: StreamIdentityDeps, podUid: string, signal: AbortSignal): Promise<Workload> {
  const deadlineMs = deps.elapsedMs() + (deps.visibleWithinMs ?? 30_000);
  for (;;) {
    const workload = deps.snapshot()?.workloads.get(podUid);
    if (workload !== undefined && workload.ips.length > 0) return workload;
    const leftMs = deadlineMs - deps.elapsedMs();
    if (leftMs <= 0 || signal.aborted) {
      if (deps.snapshot() === undefined)
        throw new SignetError('INVENTORY_NOT_SYNCED', 'the inventory has not been read yet');
      throw new SignetError('POD_NOT_VISIBLE', 'the pod of this certificate is not in the inventory');
    }
    await deps.nextSnapshot(leftMs, signal);
  }
}
