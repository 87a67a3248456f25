// SPDX-License-Identifier: Apache-2.0
import type { envoy } from '@signet/proto/agent';
import type { BidiHandler, Logger } from '@signet/runtime';
import { createChangeSignal, mergeEvents } from '../merged-events.ts';
import { secretTypeUrl, type EncodedSecret } from '../sds/encode-secret.ts';
import { requestableNames } from '../sds/requestable-names.ts';
import type { SecretStore } from '../sds/secret-store.ts';

type DeltaDiscoveryRequest = envoy.service.discovery.v3.DeltaDiscoveryRequest;
type DeltaDiscoveryResponse = envoy.service.discovery.v3.DeltaDiscoveryResponse.$Properties;

/** Answer that carries these secrets. */
function buildDeltaResponse(secrets: readonly EncodedSecret[], nonce: number): DeltaDiscoveryResponse {
  return {
    typeUrl: secretTypeUrl,
    nonce: String(nonce),
    resources: secrets.map(({ name, version, bytes }) => ({
      name,
      version,
      resource: { type_url: secretTypeUrl, value: bytes },
    })),
  };
}

/** SecretDiscoveryService.DeltaSecrets: sends each subscribed secret when it is there and when it changes. */
export function createDeltaSecrets(deps: {
  readonly store: SecretStore;
  readonly logger: Logger;
}): BidiHandler<DeltaDiscoveryRequest, DeltaDiscoveryResponse> {
  const { store, logger } = deps;
  return async function* deltaSecrets(requests) {
    const changes = createChangeSignal();
    const release = store.onChange(changes.raise);
    /** Version that the peer holds, by subscribed name; empty when it holds none. */
    const held = new Map<string, string>();
    let nonce = 0;
    try {
      for await (const event of mergeEvents(requests, changes)) {
        if (event.kind === 'message') {
          const { message } = event;
          if (message.errorDetail !== undefined && message.errorDetail !== null) {
            logger.error({ problem: message.errorDetail.message }, 'Envoy refused a secret');
          }
          for (const name of requestableNames(store, message.resourceNamesSubscribe, logger)) {
            // A repeated subscription asks for the resource again, whatever was held.
            held.set(name, message.initialResourceVersions[name] ?? '');
          }
          for (const name of message.resourceNamesUnsubscribe) held.delete(name);
        }
        const due = [...held].flatMap(([name, version]) => {
          const secret = store.get(name);
          return secret === undefined || secret.version === version ? [] : [secret];
        });
        if (due.length === 0) continue;
        for (const { name, version } of due) held.set(name, version);
        nonce += 1;
        yield buildDeltaResponse(due, nonce);
      }
    } finally {
      release();
    }
  };
}
