// SPDX-License-Identifier: Apache-2.0
import { SignetError } from '@signet/model';
import type { ReportRequest, TrafficReport__Output } from '@signet/proto';
import type { CallContext } from '@signet/runtime';
import type { DiscoveryContext } from '../discovery-context.ts';
import { edgeFromFlow } from '../edges/edge-from-flow.ts';
import type { TrafficReporter } from '../edges/traffic-reporters.ts';
import type { KnownCertificate } from '../ledger/certificate-ledger.ts';

/** Flows of one report that are read; an honest agent aggregates to far fewer. */
const flowsMax = 10_000;

async function reporterOf(context: DiscoveryContext, { peer }: Pick<CallContext, 'peer'>): Promise<KnownCertificate> {
  const certificate = peer === undefined ? undefined : await context.follower.lookup(peer.serial);
  if (certificate === undefined || certificate.podUid === '') {
    throw new SignetError('SERIAL_UNKNOWN', 'the certificate of the stream was not issued to a pod');
  }
  return certificate;
}

function takeReport(context: DiscoveryContext, reporter: KnownCertificate, report: TrafficReport__Output): void {
  const snapshot = context.view.current();
  const flows = report.flows.slice(0, flowsMax);
  for (const flow of flows) {
    const edge = edgeFromFlow(flow, {
      snapshot,
      reporter,
      findCertificate: (serial) => context.follower.ledger.find(serial),
    });
    if (edge !== undefined) context.edges.add(edge, reporter.podUid);
  }
  context.events.trafficReported(flows.length);
}

/** Reads reports until the agent ends or breaks off; then its stream of questions ends too. */
async function takeReports(
  context: DiscoveryContext,
  from: { readonly certificate: KnownCertificate; readonly stream: TrafficReporter },
  reports: AsyncIterable<TrafficReport__Output>,
): Promise<void> {
  try {
    for await (const report of reports) {
      takeReport(context, from.certificate, report);
      from.stream.answered(report.requestId);
    }
  } finally {
    from.stream.remove();
  }
}

/** signet.discovery.v1.TrafficReports/ReportTraffic: takes an agent's reports and asks for more when somebody wants to see them. */
export function reportTraffic(context: DiscoveryContext) {
  return async function* report(
    reports: AsyncIterable<TrafficReport__Output>,
    call: Pick<CallContext, 'peer' | 'signal'>,
  ): AsyncGenerator<ReportRequest, void, undefined> {
    const certificate = await reporterOf(context, call);
    const stream = context.reporters.add();
    call.signal.addEventListener('abort', () => stream.remove(), { once: true });
    const taken = takeReports(context, { certificate, stream }, reports);
    // Its failure is the caller's going away, which ends the questions below.
    taken.catch(() => undefined);
    try {
      for await (const requestId of stream.requests()) yield { requestId };
    } finally {
      stream.remove();
    }
  };
}
