// SPDX-License-Identifier: Apache-2.0
import type { JudgedCall } from './judge-call.ts';
import type { MeshView } from './mesh-client.ts';

/** The document that `--once -o json` prints; schema in docs/demo-output.schema.json. */
export interface DemoReport {
  readonly workloads: readonly {
    readonly namespace: string;
    readonly pod: string;
    readonly service: string | null;
    readonly enrolled: boolean;
    readonly spiffeId: string | null;
    readonly serial: string | null;
  }[];
  readonly calls: readonly JudgedCall[];
  readonly findings: readonly {
    readonly id: string;
    readonly detector: string;
    readonly namespace: string;
    readonly pod: string;
    readonly severity: string;
    readonly signals: readonly { readonly name: string; readonly value: string }[];
    readonly action: string;
  }[];
  readonly proxies: readonly { readonly pod: string; readonly acked: number; readonly nacked: number }[];
}

/** Builds the document. */
export function demoReport(view: MeshView, calls: readonly JudgedCall[]): DemoReport {
  return {
    workloads: view.workloads.map((workload) => ({
      namespace: workload.namespace,
      pod: workload.name,
      service: view.endpoints.find((endpoint) => endpoint.podUid === workload.uid)?.service ?? null,
      enrolled: workload.enrolled,
      spiffeId: workload.spiffeId === '' ? null : workload.spiffeId,
      serial: workload.certificate?.serial ?? null,
    })),
    calls,
    findings: view.findings.map(({ id, detector, namespace, pod, severity, signals, action }) => ({
      id,
      detector,
      namespace,
      pod,
      severity,
      signals: signals.map(({ name, value }) => ({ name, value })),
      action,
    })),
    proxies: view.proxies.map((proxy) => ({
      pod: proxy.pod,
      acked: proxy.types.reduce((sum, type) => sum + type.acked, 0),
      nacked: proxy.types.reduce((sum, type) => sum + type.nacks.length, 0),
    })),
  };
}
