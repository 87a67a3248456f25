// SPDX-License-Identifier: Apache-2.0
import { printRows, type Session } from '../session.ts';
import { formatAge } from '../values.ts';

const shortNames: Readonly<Record<string, string>> = {
  Listener: 'LDS',
  RouteConfiguration: 'RDS',
  Cluster: 'CDS',
  ClusterLoadAssignment: 'EDS',
  TypedExtensionConfig: 'ECDS',
  Secret: 'SDS',
};

function shortType(typeUrl: string): string {
  const name = typeUrl.split('.').at(-1) ?? typeUrl;
  return shortNames[name] ?? name;
}

/** What every connected proxy acknowledged and rejected. Fails when one rejected something. */
export async function showProxyStatus(session: Session): Promise<number> {
  const client = await session.connections.proxyStatus();
  const answer = await client.ListProxies({ namespace: session.namespace });
  const now = session.now();
  printRows(session, {
    json: answer,
    rows: answer.proxies,
    empty: 'no proxy is connected',
    columns: [
      { heading: 'NAMESPACE', text: (row) => row.namespace },
      { heading: 'POD', text: (row) => row.pod },
      { heading: 'VERSION', text: (row) => row.version },
      { heading: 'STREAM', text: (row) => (row.delta ? 'delta' : 'sotw') },
      { heading: 'CONNECTED', text: (row) => formatAge(row.connectedAt, now) },
      { heading: 'SERIAL', text: (row) => row.serial },
      {
        heading: 'ACKED',
        text: (row) => row.types.map((type) => `${shortType(type.typeUrl)} ${type.acked}/${type.desired}`).join(', '),
      },
      {
        heading: 'REJECTED',
        text: (row) =>
          row.types.flatMap((type) => type.nacks.map((nack) => `${nack.resource}: ${nack.message}`)).join('; '),
      },
    ],
  });
  return answer.proxies.some((proxy) => proxy.types.some((type) => type.nacks.length > 0)) ? 1 : 0;
}
