// SPDX-License-Identifier: Apache-2.0
import type { AppProtocol, SpiffeId } from '@signet/model';
import type { Condition, StringMatch } from './condition.ts';

/** What a server accepts on a port. */
export type TransportMode = 'MUTUAL_TLS' | 'PERMISSIVE' | 'SIMPLE_TLS' | 'PLAINTEXT';

/** Parameters of TLS beside the mode. */
export interface TlsParameters {
  readonly minimumVersion: 'TLSv1_2' | 'TLSv1_3';
  /** OpenSSL names for TLS 1.2; empty for the proxy's defaults. */
  readonly ciphers: readonly string[];
}

/** One rule of an access policy: it matches when both conditions hold. */
export interface AccessRule {
  /** `<Kind>/<namespace>/<name>/<rule index>`; stands in access logs. */
  readonly id: string;
  /** About the caller: principals and addresses. */
  readonly source: Condition;
  /** About what is asked for: port, method, path, host, headers. */
  readonly target: Condition;
}

/** Identities that a server-first port admits; judged in the handshake, before the server speaks. */
export interface AdmittedIdentities {
  /** Callers with a certificate; `any` stands for everybody of the trust domain, an empty list for nobody. */
  readonly certificates: 'any' | readonly StringMatch[];
  /** Callers without a certificate, where the transport mode lets them in. */
  readonly isAnonymousAdmitted: boolean;
}

/** What holds for one port of a workload. */
export interface PortAccess {
  /** 0 stands for every port that nobody declared. */
  readonly port: number;
  readonly protocol: AppProtocol;
  readonly mode: TransportMode;
  /** Policy that set the mode, as kind/namespace/name; `default` without one. */
  readonly modeSource: string;
  readonly tls: TlsParameters;
  /** Enrolled clients connect in plaintext: the port is PLAINTEXT and clients have been told. */
  readonly isPlaintextForClients: boolean;
  /** Rules that refuse; they win. */
  readonly deny: readonly AccessRule[];
  /** Rules that admit. */
  readonly allow: readonly AccessRule[];
  /** An ALLOW policy selects the workload: what no rule admits is refused. */
  readonly isAllowRequired: boolean;
  /** Access policies in force, as kind/namespace/name, sorted. */
  readonly policies: readonly string[];
  /** On server-first ports only. */
  readonly admitted: AdmittedIdentities | undefined;
}

/** What holds for one enrolled workload. */
export interface WorkloadAccess {
  readonly uid: string;
  readonly namespace: string;
  readonly name: string;
  readonly spiffeId: SpiffeId;
  readonly ips: readonly string[];
  /** Declared ports, ascending. */
  readonly ports: readonly PortAccess[];
  /** Every other port; its protocol is tcp. */
  readonly undeclared: PortAccess;
}

/** An endpoint that clients are offered. */
export interface OfferedEndpoint {
  readonly address: string;
  readonly port: number;
  /** Identity that the client must find; undefined means plaintext. */
  readonly spiffeId: SpiffeId | undefined;
}

/** One port of a Service as clients see it. */
export interface ServicePortAccess {
  readonly port: number;
  readonly protocol: AppProtocol;
  /** Sorted by address and port. */
  readonly endpoints: readonly OfferedEndpoint[];
  /** Identities behind the offered endpoints, sorted, without repetition. */
  readonly identities: readonly SpiffeId[];
}

/** A Service as clients see it. */
export interface ServiceAccess {
  readonly namespace: string;
  readonly name: string;
  /** Cluster addresses; empty for a headless Service. */
  readonly addresses: readonly string[];
  /** Ascending. */
  readonly ports: readonly ServicePortAccess[];
}

/** Addresses of pods with one identity, for clients that dial pods. */
export interface IdentityAddresses {
  readonly spiffeId: SpiffeId;
  /** Sorted. */
  readonly addresses: readonly string[];
}

/** An address and port. */
export interface SocketAddress {
  readonly address: string;
  readonly port: number;
}

/** What every enrolled client knows of the others. */
export interface OutboundAccess {
  /** Sorted by namespace and name. */
  readonly services: readonly ServiceAccess[];
  /** Enrolled pods by identity, sorted. */
  readonly pods: readonly IdentityAddresses[];
  /** Ports of enrolled pods that are dialled in plaintext. */
  readonly plaintextSockets: readonly SocketAddress[];
  /** Addresses of pods that pretend to belong to a Service: never connected to. */
  readonly withheldAddresses: readonly string[];
  /** The same for pods on the host's network, whose address is not theirs alone. */
  readonly withheldSockets: readonly SocketAddress[];
}

/** Who may reach what, how, and because of which rule. */
export interface AccessGraph {
  readonly trustDomain: string;
  /** Enrolled workloads by UID. */
  readonly workloads: ReadonlyMap<string, WorkloadAccess>;
  readonly outbound: OutboundAccess;
}
