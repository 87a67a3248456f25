// SPDX-License-Identifier: Apache-2.0
import type { TlsParameters, TransportMode } from './access-graph.ts';
import type { CompiledTransport, TransportScope, TransportSetting } from './transport-setting.ts';

/** Transport in force on one port. */
export interface EffectiveTransport {
  readonly mode: TransportMode;
  /** Key of the policy that set the mode; `default` without one. */
  readonly modeSource: string;
  readonly tls: TlsParameters;
}

const scopes: readonly TransportScope[] = ['workload', 'namespace', 'mesh'];
const kinds = ['TransportPolicy', 'PeerAuthentication'];

/** The oldest policy of each kind and scope, narrowest scope first, TransportPolicy before PeerAuthentication. */
export function rankTransports(applicable: readonly CompiledTransport[]): readonly CompiledTransport[] {
  const byAge = applicable.toSorted(
    (a, b) => a.createdAt.getTime() - b.createdAt.getTime() || (a.key < b.key ? -1 : 1),
  );
  return scopes.flatMap((scope) =>
    kinds.flatMap((kind) => byAge.find((policy) => policy.scope === scope && policy.kind === kind) ?? []),
  );
}

function modeAt(
  policy: CompiledTransport,
  setting: TransportSetting,
  now: Date | undefined,
): TransportMode | undefined {
  if (setting.mode !== 'PERMISSIVE' || policy.permissiveUntil === undefined) return setting.mode;
  // Without a clock nobody can tell whether the time is over.
  return now !== undefined && now < policy.permissiveUntil ? 'PERMISSIVE' : 'MUTUAL_TLS';
}

/** Settles mode and TLS parameters of one port: the first policy of the ranking that says something decides. */
export function effectiveTransport(
  ranked: readonly CompiledTransport[],
  port: number,
  now: Date | undefined,
): EffectiveTransport {
  const settings = ranked.flatMap((policy) => {
    const own = policy.ports.get(port);
    return own === undefined
      ? [{ policy, setting: policy.setting }]
      : [
          { policy, setting: own },
          { policy, setting: policy.setting },
        ];
  });
  const decisive = settings.find(({ setting }) => setting.mode !== undefined);
  const mode = decisive === undefined ? undefined : modeAt(decisive.policy, decisive.setting, now);
  return {
    mode: mode ?? 'PERMISSIVE',
    modeSource: decisive?.policy.key ?? 'default',
    tls: {
      minimumVersion:
        settings.find(({ setting }) => setting.minimumVersion !== undefined)?.setting.minimumVersion ?? 'TLSv1_2',
      ciphers: settings.find(({ setting }) => setting.ciphers !== undefined)?.setting.ciphers ?? [],
    },
  };
}
