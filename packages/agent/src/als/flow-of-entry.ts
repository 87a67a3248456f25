// SPDX-License-Identifier: Apache-2.0
import { normaliseSerial } from '@signet/model';
import { envoy } from '@signet/proto/agent';
import type { FlowKey, Transport, Verdict } from './flow.ts';

type Common = envoy.data.accesslog.v3.AccessLogCommon.$Properties;
type HttpEntry = envoy.data.accesslog.v3.HTTPAccessLogEntry.$Properties;
type TcpEntry = envoy.data.accesslog.v3.TCPAccessLogEntry.$Properties;

/** Names of the logs, from @signet/envoy's README. */
export type LogName = 'inbound' | 'outbound' | 'inbound-refused';

/** A flow as far as the entry tells; the agent adds the serial of its own certificate. */
export type EntryFlow = Omit<FlowKey, 'localSerial'>;

const { AccessLogType } = envoy.data.accesslog.v3;
const deniedPattern = /rbac_access_denied_matched_policy\[([^\]]*)\]/;
const failureLengthMax = 200;

/** What an HTTP entry counts as; undefined when it counts as nothing. */
export function flowOfHttpEntry(log: LogName, entry: HttpEntry): EntryFlow | undefined {
  const common = entry.commonProperties ?? {};
  if (common.intermediateLogEntry === true) return undefined;
  const tags = readTags(common);
  if (log === 'outbound') return outboundFlow(common, tags, entry.response?.responseCodeDetails ?? '');
  const denied = deniedPattern.exec(entry.response?.responseCodeDetails ?? '');
  return inboundFlow(tags, {
    verdict: denied === null ? 'ALLOWED' : 'DENIED',
    rule: denied?.[1] ?? readRule(common, 'envoy.filters.http.rbac', 'signet_allow_enforced_effective_policy_id'),
    failure: tags.failure,
  });
}

/** What a TCP entry counts as; undefined when it counts as nothing. */
export function flowOfTcpEntry(log: LogName, entry: TcpEntry): EntryFlow | undefined {
  const common = entry.commonProperties ?? {};
  const tags = readTags(common);
  if (log === 'inbound-refused') return refusedFlow(common, tags);
  const isConnected = common.accessLogType === AccessLogType.TcpUpstreamConnected;
  const denied = deniedPattern.exec(tags.details);
  const hasUpstream = (common.upstreamRemoteAddress ?? null) !== null;
  // A connection that reached its upstream was counted when it did.
  if (!isConnected && denied === null && hasUpstream) return undefined;
  if (log === 'outbound') return outboundFlow(common, tags, isConnected ? '' : unconnectedReason(tags));
  if (denied !== null) return inboundFlow(tags, { verdict: 'DENIED', rule: denied[1] ?? '', failure: tags.failure });
  return inboundFlow(tags, {
    verdict: isConnected ? 'ALLOWED' : 'FAILED',
    rule: readRule(common, 'envoy.filters.network.rbac', 'signet_allow_shadow_effective_policy_id'),
    failure: isConnected ? tags.failure : unconnectedReason(tags),
  });
}

/** Every tag is a string; an absent one is empty. */
interface Tags {
  readonly transport: string;
  readonly peer: string;
  readonly peerSerial: string;
  readonly tlsVersion: string;
  readonly port: string;
  readonly address: string;
  readonly target: string;
  readonly endpoint: string;
  readonly failure: string;
  readonly details: string;
}

function readTags({ customTags }: Common): Tags {
  const read = (name: string): string => {
    const value = customTags?.[name] ?? '';
    return value === '-' ? '' : value;
  };
  return {
    transport: read('transport'),
    peer: read('peer'),
    peerSerial: read('peer_serial'),
    tlsVersion: read('tls_version'),
    port: read('port'),
    address: read('address'),
    target: read('target'),
    endpoint: read('endpoint'),
    failure: read('failure').slice(0, failureLengthMax),
    details: read('details'),
  };
}

function inboundFlow(
  tags: Tags,
  outcome: { readonly verdict: Verdict; readonly rule: string; readonly failure: string },
): EntryFlow {
  return {
    isInbound: true,
    peerSpiffeId: tags.peer,
    peerSerial: tags.peerSerial === '' ? '' : normaliseSerial(tags.peerSerial),
    peerAddress: tags.address,
    port: parsePort(tags.port),
    transport: parseTransport(tags.transport),
    verdict: outcome.verdict,
    rule: plainRule(outcome.rule),
    tlsVersion: tags.tlsVersion,
    target: '',
    failure: outcome.failure,
  };
}

/** A connection that no filter chain took, or whose handshake failed; undefined for all others. */
function refusedFlow(common: Common, tags: Tags): EntryFlow | undefined {
  const hasNoRoute = common.responseFlags?.noRouteFound === true;
  if (!hasNoRoute && tags.failure === '') return undefined;
  // Without a route the inspector's opinion on the first bytes stands in the tag; it says less.
  return inboundFlow(tags, {
    verdict: 'DENIED',
    rule: '',
    failure: hasNoRoute ? 'transport not accepted' : tags.failure,
  });
}

/** `details` says why when Envoy itself answered. */
function outboundFlow(common: Common, tags: Tags, details: string): EntryFlow {
  const isFailed = tags.failure !== '' || hasFailureFlag(common) || (tags.endpoint === '' && details !== '');
  const endpoint = splitEndpoint(tags.endpoint);
  const unsecured: Transport = isFailed ? '' : 'plaintext';
  return {
    isInbound: false,
    peerSpiffeId: tags.peer,
    peerSerial: '',
    peerAddress: endpoint?.address ?? tags.address,
    port: endpoint?.port ?? parsePort(tags.port),
    transport: tags.peer !== '' ? 'mtls' : tags.tlsVersion !== '' ? 'tls' : unsecured,
    verdict: isFailed ? 'FAILED' : 'ALLOWED',
    rule: '',
    tlsVersion: tags.tlsVersion,
    target: tags.target,
    failure: isFailed
      ? (tags.failure || details || tags.details || 'no upstream connection').slice(0, failureLengthMax)
      : '',
  };
}

function hasFailureFlag({ responseFlags }: Common): boolean {
  return (
    responseFlags?.noHealthyUpstream === true ||
    responseFlags?.upstreamConnectionFailure === true ||
    responseFlags?.upstreamConnectionTermination === true ||
    responseFlags?.upstreamRemoteReset === true ||
    responseFlags?.noRouteFound === true ||
    responseFlags?.noClusterFound === true ||
    responseFlags?.upstreamOverflow === true
  );
}

function unconnectedReason(tags: Tags): string {
  return (tags.failure || tags.details || 'ended before the upstream connection').slice(0, failureLengthMax);
}

function readRule({ metadata }: Common, filter: string, key: string): string {
  return metadata?.filterMetadata?.[filter]?.fields?.[key]?.stringValue ?? '';
}

/** `default` and `none` are no rules: nothing selects the port, or nothing matched. */
function plainRule(rule: string): string {
  return rule === 'default' || rule === 'none' ? '' : rule;
}

function parseTransport(text: string): Transport {
  return text === 'mtls' || text === 'tls' || text === 'plaintext' ? text : '';
}

function parsePort(text: string): number {
  const port = Number(text);
  return Number.isInteger(port) && port > 0 && port <= 65_535 ? port : 0;
}

function splitEndpoint(endpoint: string): { readonly address: string; readonly port: number } | undefined {
  const colon = endpoint.lastIndexOf(':');
  if (colon <= 0) return undefined;
  return { address: endpoint.slice(0, colon).replace(/^\[|\]$/g, ''), port: parsePort(endpoint.slice(colon + 1)) };
}
