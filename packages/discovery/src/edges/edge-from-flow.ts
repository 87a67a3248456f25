// SPDX-License-Identifier: Apache-2.0
import type { InventorySnapshot, Workload } from '@signet/model';
import type { Flow__Output } from '@signet/proto';
import type { KnownCertificate } from '../ledger/certificate-ledger.ts';
import { dateFromWire } from '../wire/timestamp.ts';
import { workloadNameOf } from '../wire/to-workload.ts';
import type { Edge } from './edge-table.ts';

const textLengthMax = 512;

/** What a flow is read against. */
export interface FlowContext {
  readonly snapshot: InventorySnapshot;
  /** The pod that reports, and the certificate by which it is known. */
  readonly reporter: KnownCertificate;
  findCertificate(serial: string): KnownCertificate | undefined;
}

interface Side {
  readonly name: string;
  readonly pod: string;
}

function sideOf(workload: Workload): Side {
  return { name: `${workload.namespace}/${workloadNameOf(workload).name}`, pod: workload.name };
}

/** The pod of a certificate, by name alone when it is gone already. */
function sideOfCertificate(certificate: KnownCertificate, snapshot: InventorySnapshot): Side {
  const workload = snapshot.workloads.get(certificate.podUid);
  if (workload !== undefined) return sideOf(workload);
  const name = certificate.podName === '' ? certificate.spiffeId : `${certificate.namespace}/${certificate.podName}`;
  return { name, pod: certificate.podName };
}

/** The address without a port: `10.0.0.1:80`, `[::1]:80`. */
export function hostOf(address: string): string {
  const bracketed = /^\[([^\]]+)\]/.exec(address)?.[1];
  if (bracketed !== undefined) return bracketed;
  return address.split(':').length === 2 ? (address.split(':')[0] ?? '') : address;
}

const podsByAddress = new WeakMap<InventorySnapshot['workloads'], ReadonlyMap<string, Workload>>();

function podAt(address: string, snapshot: InventorySnapshot): Workload | undefined {
  let index = podsByAddress.get(snapshot.workloads);
  if (index === undefined) {
    const pods = [...snapshot.workloads.values()].filter(
      (pod) => !pod.usesHostNetwork && pod.phase !== 'Succeeded' && pod.phase !== 'Failed',
    );
    index = new Map(pods.flatMap((pod) => pod.ips.map((ip) => [ip, pod] as const)));
    podsByAddress.set(snapshot.workloads, index);
  }
  return index.get(hostOf(address));
}

/** The other side: by certificate when it proved one, else by address, which proves nothing. */
function peerOf(flow: Flow__Output, context: FlowContext): Side {
  const certificate = flow.peerSerial === '' ? undefined : context.findCertificate(flow.peerSerial);
  if (certificate !== undefined) return sideOfCertificate(certificate, context.snapshot);
  const pod = podAt(flow.peerAddress, context.snapshot);
  return pod === undefined ? { name: hostOf(flow.peerAddress), pod: '' } : sideOf(pod);
}

function short(text: string): string {
  return text.slice(0, textLengthMax);
}

/** A certificate was shown: not in plaintext, and not where the handshake never came about. */
function hasTls(transport: string): boolean {
  return transport === 'mtls' || transport === 'tls';
}

/**
 * The edge that a flow adds to. Undefined for outbound mTLS, which the called side reports itself; outbound flows to anything
 * else are the only trace of them.
 */
export function edgeFromFlow(flow: Flow__Output, context: FlowContext): Edge | undefined {
  if (!flow.inbound && flow.transport === 'mtls' && flow.verdict !== 'FAILED') return undefined;
  const own = sideOfCertificate(context.reporter, context.snapshot);
  const peer = peerOf(flow, context);
  const [source, destination] = flow.inbound ? [peer, own] : [own, peer];
  const ownSerial = flow.localSerial === '' ? context.reporter.serial : flow.localSerial;
  const isProved = flow.transport === 'mtls';
  return {
    source: short(source.name),
    sourcePod: source.pod,
    sourceSpiffeId: flow.inbound ? short(flow.peerSpiffeId) : isProved ? context.reporter.spiffeId : '',
    sourceSerial: flow.inbound ? short(flow.peerSerial) : isProved ? short(ownSerial) : '',
    destination: short(destination.name),
    destinationPod: destination.pod,
    destinationPort: flow.port,
    destinationSerial: flow.inbound ? (hasTls(flow.transport) ? short(ownSerial) : '') : short(flow.peerSerial),
    transport: short(flow.transport),
    verdict: short(flow.verdict),
    rule: short(flow.rule !== '' ? flow.rule : flow.failure),
    tlsVersion: short(flow.tlsVersion),
    calls: flow.calls,
    lastSeen: dateFromWire(flow.lastSeen),
  };
}
