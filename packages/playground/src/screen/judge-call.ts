// SPDX-License-Identifier: Apache-2.0
import type { Edge__Output, Endpoint__Output, Workload__Output } from '@signet/proto';
import { calledService } from './declared-calls.ts';
import type { MeshView } from './mesh-client.ts';
import { refusalReason } from './refusal-reason.ts';
import type { MadeCall } from './run-calls.ts';

/** How a call came out. */
export type Verdict = 'allowed' | 'refused';

/** One row of `calls` in docs/demo-output.schema.json. */
export interface JudgedCall {
  readonly from: string;
  readonly to: string;
  readonly expected: Verdict;
  readonly verdict: Verdict;
  readonly mtls: boolean;
  readonly clientSerial: string | null;
  readonly serverSerial: string | null;
  readonly rule: string | null;
}

/** A judged call with what people want to know when it is not as expected; empty otherwise. */
export interface CallJudgement {
  readonly row: JudgedCall;
  readonly problem: string;
}

/** Joins what the caller saw with what the proxies reported. */
export function judgeCall(
  made: MadeCall,
  seen: Pick<MeshView, 'edges' | 'endpoints' | 'workloads' | 'policies' | 'policyStatuses'>,
): CallJudgement {
  const { from, call, results } = made;
  const outcomes = new Set(results.map((result) => result.outcome));
  const verdict: Verdict = outcomes.size === 1 && outcomes.has('ok') ? 'allowed' : 'refused';
  const isClear = outcomes.size === 1 && !outcomes.has('error');
  const answeredBy = results.findLast((result) => result.pod !== undefined)?.pod;
  const edge = findEdge(made, { ...seen, verdict, answeredBy });
  const service = calledService(call, from.namespace);
  const row: JudgedCall = {
    from: from.name,
    to: answeredBy ?? edge?.destinationPod ?? service.name,
    expected: call.expected,
    verdict,
    mtls: edge?.transport === 'mtls',
    clientSerial: orNull(edge?.sourceSerial),
    serverSerial: orNull(edge?.destinationSerial),
    rule: edge === undefined ? null : orNull(verdict === 'refused' ? refusalReason(edge, seen) : edge.rule),
  };
  const detail = results.map((result) => `${result.outcome} ${result.status ?? ''} ${result.message}`.trim());
  const isExpected = verdict === call.expected && isClear;
  const problem = isExpected
    ? ''
    : `${from.name} → ${call.protocol} ${call.to}:${call.port}${call.path}: expected ${call.expected}, got ${[...new Set(detail)].join(' | ')}`;
  return { row, problem };
}

function orNull(text: string | undefined): string | null {
  return text === undefined || text === '' ? null : text;
}

function findEdge(
  made: MadeCall,
  seen: {
    readonly edges: readonly Edge__Output[];
    readonly endpoints: readonly Endpoint__Output[];
    readonly verdict: Verdict;
    readonly answeredBy: string | undefined;
  },
): Edge__Output | undefined {
  const { from, call } = made;
  const service = calledService(call, from.namespace);
  const behind = seen.endpoints.filter(
    (endpoint) => endpoint.namespace === service.namespace && endpoint.service === service.name,
  );
  const candidates = seen.edges.filter(
    (edge) =>
      isFrom(edge, from) &&
      behind.some((endpoint) => endpoint.pod === edge.destinationPod && endpoint.port === edge.destinationPort) &&
      (edge.verdict === 'ALLOWED') === (seen.verdict === 'allowed') &&
      (seen.answeredBy === undefined || edge.destinationPod === seen.answeredBy),
  );
  // Of several rules between the same pods the one that names a policy most specifically concerned is the newest.
  return candidates.toSorted((a, b) => lastSeenMs(b) - lastSeenMs(a))[0];
}

function isFrom(edge: Edge__Output, from: Workload__Output): boolean {
  if (edge.sourcePod !== '') return edge.sourcePod === from.name || edge.sourcePod === `${from.namespace}/${from.name}`;
  return from.ips.includes(edge.source) || edge.source === `${from.namespace}/${from.name}`;
}

function lastSeenMs(edge: Edge__Output): number {
  return Number(edge.lastSeen?.seconds ?? 0) * 1000 + (edge.lastSeen?.nanos ?? 0) / 1e6;
}
