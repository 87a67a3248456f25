// SPDX-License-Identifier: Apache-2.0
import type { Severity } from '@signet/model';
import type { ListFindingsResponse, ListRequest__Output } from '@signet/proto';
import type { DiscoveryContext } from '../discovery-context.ts';
import { findingToWire } from '../wire/to-finding.ts';
import { inNamespace } from './in-namespace.ts';

const severities: readonly Severity[] = ['critical', 'high', 'medium', 'low'];

/** signet.discovery.v1.Inventory/ListFindings. */
export function listFindings({ view }: DiscoveryContext) {
  return async ({ namespace }: ListRequest__Output): Promise<ListFindingsResponse> => {
    const { findings, revision } = view.current();
    const found = inNamespace(
      findings.values(),
      namespace,
      (one) => `${severities.indexOf(one.severity)}\0${one.namespace}/${one.pod}\0${one.id}`,
    );
    return { findings: found.map(findingToWire), revision };
  };
}
