// SPDX-License-Identifier: Apache-2.0
import { provenanceOf } from '@signet/detect';
import type { Workload } from '@signet/model';
import type { Workload as WireWorkload } from '@signet/proto';
import { dateToWire } from './timestamp.ts';

/** Kind and name of the controller at the top of the verified chain, or of the pod itself. */
export function workloadNameOf(workload: Workload): { readonly kind: string; readonly name: string } {
  const { standing, kind, name } = provenanceOf(workload);
  return standing === 'controlled' ? { kind, name } : { kind: 'Pod', name: workload.name };
}

/** A pod. */
export function workloadToWire(workload: Workload): WireWorkload {
  const { certificate } = workload;
  const top = workloadNameOf(workload);
  return {
    uid: workload.uid,
    namespace: workload.namespace,
    name: workload.name,
    workloadName: top.name,
    workloadKind: top.kind,
    owners: workload.owners.map(({ kind, name, uid, isVerified }) => ({ kind, name, uid, verified: isVerified })),
    serviceAccount: workload.serviceAccount,
    node: workload.node,
    ips: [...workload.ips],
    labels: { ...workload.labels },
    containers: workload.containers.map(({ name, image, imageDigest, ports }) => ({
      name,
      image,
      imageDigest,
      ports: ports.map((port) => ({ ...port })),
    })),
    enrolled: workload.isEnrolled,
    spiffeId: workload.spiffeId ?? '',
    certificate:
      certificate === undefined
        ? null
        : {
            serial: certificate.serial,
            spiffeId: certificate.spiffeId,
            notBefore: dateToWire(certificate.notBefore),
            notAfter: dateToWire(certificate.notAfter),
          },
    phase: workload.phase,
    ready: workload.isReady,
    terminating: workload.isTerminating,
    createdAt: dateToWire(workload.createdAt),
    hostNetwork: workload.usesHostNetwork,
    annotations: { ...workload.annotations },
  };
}
