// SPDX-License-Identifier: Apache-2.0
import type { envoy } from '@signet/proto/agent';
import type { BidiHandler, Logger } from '@signet/runtime';
import { createChangeSignal, mergeEvents } from '../merged-events.ts';
import { secretTypeUrl, type EncodedSecret } from '../sds/encode-secret.ts';
import { requestableNames } from '../sds/requestable-names.ts';
import type { SecretStore } from '../sds/secret-store.ts';

type DiscoveryRequest = envoy.service.discovery.v3.DiscoveryRequest;
type DiscoveryResponse = envoy.service.discovery.v3.DiscoveryResponse.$Properties;

/** Answer that carries these secrets in full. */
export function buildSecretsResponse(secrets: readonly EncodedSecret[], nonce: string): DiscoveryResponse {
  return {
    typeUrl: secretTypeUrl,
    versionInfo: secrets.map((secret) => secret.version).join(','),
    nonce,
    resources: secrets.map(({ bytes }) => ({ type_url: secretTypeUrl, value: bytes })),
  };
}

/**
 * SecretDiscoveryService.StreamSecrets, state of the world: sends what was asked for as soon as it is there, and all of it
 * again when any of it changes. A name that is not served gets no answer, as xDS has no other way to say so.
 */
export function createStreamSecrets(deps: {
  readonly store: SecretStore;
  readonly logger: Logger;
}): BidiHandler<DiscoveryRequest, DiscoveryResponse> {
  const { store, logger } = deps;
  return async function* streamSecrets(requests) {
    const changes = createChangeSignal();
    const release = store.onChange(changes.raise);
    let names: readonly string[] = [];
    let sentVersion = '';
    let nonce = 0;
    try {
      for await (const event of mergeEvents(requests, changes)) {
        if (event.kind === 'message') {
          const { resourceNames, responseNonce, errorDetail } = event.message;
          if (responseNonce !== '' && responseNonce !== String(nonce)) continue;
          if (errorDetail !== undefined && errorDetail !== null) {
            logger.error({ names, problem: errorDetail.message }, 'Envoy refused a secret');
          }
          const asked = requestableNames(store, resourceNames, logger);
          if (asked.join() !== names.join()) sentVersion = '';
          names = asked;
        }
        const secrets = names.flatMap((name) => store.get(name) ?? []);
        const version = secrets.map((secret) => `${secret.name}=${secret.version}`).join();
        if (secrets.length === 0 || version === sentVersion) continue;
        sentVersion = version;
        nonce += 1;
        yield buildSecretsResponse(secrets, String(nonce));
      }
    } finally {
      release();
    }
  };
}
