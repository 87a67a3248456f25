// SPDX-License-Identifier: Apache-2.0
import type { Edge__Output, Finding__Output, Workload__Output } from '@signet/proto';
import type { Context } from '../launcher/context-file.ts';
import type { MeshView } from './mesh-client.ts';
import { refusalReason } from './refusal-reason.ts';
import type { Section } from './fit-sections.ts';
import { formatDuration, formatTable, sanitise } from './table.ts';

const recentMs = 60_000;
// The CA dates certificates back by as much, for peers whose clock is behind.
const backdateMs = 300_000;

/** Sections of the screen, most important findings included: workloads, calls, refused calls, findings. */
export function summarySections(view: MeshView, now: Date): Section[] {
  return [
    { title: 'Workloads', lines: workloadLines(view, now), more: 'signet workloads' },
    { title: 'Calls', lines: edgeLines(view, 'ALLOWED', now), more: 'signet edges' },
    { title: 'Refused', lines: edgeLines(view, 'DENIED', now), more: 'signet edges' },
    { title: 'Failed in the last minute', lines: edgeLines(view, 'FAILED', now), more: 'signet edges' },
    { title: 'Findings', lines: view.findings.flatMap(findingLines), more: 'signet findings' },
    { title: 'Not in force as written', lines: policyProblemLines(view), more: 'signet policies' },
  ].filter(({ lines }) => lines.length > 0);
}

/** Last lines of the screen: where the APIs listen and what to try. */
export function footerLines(context: Context): string[] {
  return [
    `APIs    discovery ${context.discoveryGrpc} (gRPC), ${context.discoveryRest} (REST) · config ${context.configGrpc} · ca ${context.caToken}`,
    'Try     npx --no signet workloads | endpoints | edges | findings | proxy-status | exec NAMESPACE/POD -- CMD…',
    'Ctrl-C ends everything.',
  ];
}

function workloadLines(view: MeshView, now: Date): string[] {
  const rows = view.workloads.map((workload) => [
    `${workload.namespace}/${workload.name}`,
    workload.ips[0] ?? '',
    workload.terminating ? 'ending' : workload.ready ? 'ready' : workload.phase.toLowerCase(),
    workload.enrolled ? workload.spiffeId : 'not enrolled',
    certificateText(workload, now),
    configText(view, workload),
  ]);
  return formatTable(['POD', 'ADDRESS', 'STATE', 'IDENTITY', 'CERTIFICATE', 'CONFIGURATION'], rows);
}

function certificateText(workload: Workload__Output, now: Date): string {
  const { certificate } = workload;
  if (certificate === null || certificate === undefined) return workload.enrolled ? 'none yet' : '';
  const age = now.getTime() - milliseconds(certificate.notBefore) - backdateMs;
  const left = milliseconds(certificate.notAfter) - now.getTime();
  return `${certificate.serial.slice(0, 8)}… ${formatDuration(age)} old, ${formatDuration(left)} left`;
}

function configText(view: MeshView, workload: Workload__Output): string {
  const proxy = view.proxies.find((candidate) => candidate.podUid === workload.uid);
  if (proxy === undefined) return workload.enrolled ? 'no proxy yet' : '';
  const nacked = proxy.types.flatMap((type) => type.nacks);
  if (nacked.length > 0) return `rejected ${nacked.map((nack) => nack.resource).join(', ')}`;
  const isAcked = proxy.types.every((type) => type.acked === type.desired);
  return isAcked ? 'acknowledged' : 'pending';
}

function edgeLines(view: MeshView, verdict: 'ALLOWED' | 'DENIED' | 'FAILED', now: Date): string[] {
  const edges = view.edges
    .filter((edge) => edge.verdict === verdict)
    .filter((edge) => verdict !== 'FAILED' || now.getTime() - milliseconds(edge.lastSeen) < recentMs);
  if (edges.length === 0) return [];
  const rows = edges.map((edge) => [
    sourceName(edge, view),
    '→',
    `${edge.destination}:${edge.destinationPort}`,
    [edge.transport, edge.tlsVersion].filter((text) => text !== '').join(' '),
    `${edge.calls}×`,
    `${formatDuration(now.getTime() - milliseconds(edge.lastSeen))} ago`,
    reasonText(edge, view),
  ]);
  return formatTable(['FROM', '', 'TO', 'OVER', 'CALLS', 'LAST', verdict === 'ALLOWED' ? 'RULE' : 'WHY'], merged(rows));
}

/** Replicas of one workload behave alike: one row for all pods that were called. */
function merged(rows: readonly string[][]): string[][] {
  const byKey = new Map<string, string[]>();
  for (const row of rows) {
    const key = [row[0], row[2], row[3], row[6]].join('\0');
    const known = byKey.get(key);
    if (known === undefined) byKey.set(key, [...row]);
    else known[4] = `${Number.parseInt(known[4] ?? '0', 10) + Number.parseInt(row[4] ?? '0', 10)}×`;
  }
  return [...byKey.values()];
}

function sourceName(edge: Edge__Output, view: MeshView): string {
  const byAddress = view.workloads.find((workload) => workload.ips.includes(edge.source));
  return byAddress === undefined ? edge.source : `${byAddress.namespace}/${byAddress.name}`;
}

function reasonText(edge: Edge__Output, view: MeshView): string {
  if (edge.verdict === 'FAILED') return edge.rule;
  if (edge.verdict === 'DENIED') return refusalReason(edge, view);
  return edge.rule === '' ? 'no policy selects it' : edge.rule;
}

function findingLines(finding: Finding__Output): string[] {
  return [
    `${finding.severity.toUpperCase()} ${finding.detector}: ${sanitise(finding.message)}`,
    `  pod ${finding.namespace}/${finding.pod}, action ${finding.action}, seen ${new Date(milliseconds(finding.firstSeen)).toISOString()}`,
    ...finding.signals.map(
      (signal) => `  ${signal.hard ? 'hard' : 'hint'}  ${signal.name} = ${sanitise(signal.value)}`,
    ),
    ...(finding.services.length === 0 ? [] : [`  behind ${finding.services.join(', ')}`]),
    ...(finding.policies.length === 0 ? [] : [`  admitted by ${finding.policies.join(', ')}`]),
  ];
}

function policyProblemLines(view: MeshView): string[] {
  return [
    ...view.fileProblems.map(sanitise),
    ...view.policyStatuses
      .filter((status) => !status.accepted)
      .map((status) =>
        sanitise(`${status.kind} ${status.namespace}/${status.name}: ${status.reason}: ${status.messages.join('; ')}`),
      ),
  ];
}

function milliseconds(time: { readonly seconds: number | string; readonly nanos: number } | null | undefined): number {
  return time === null || time === undefined ? 0 : Number(time.seconds) * 1000 + time.nanos / 1e6;
}
