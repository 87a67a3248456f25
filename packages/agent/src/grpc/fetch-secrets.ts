// SPDX-License-Identifier: Apache-2.0
import { SignetError } from '@signet/model';
import type { envoy } from '@signet/proto/agent';
import type { Logger, UnaryHandler } from '@signet/runtime';
import { requestableNames } from '../sds/requestable-names.ts';
import type { SecretStore } from '../sds/secret-store.ts';
import { buildSecretsResponse } from './stream-secrets.ts';

type DiscoveryRequest = envoy.service.discovery.v3.DiscoveryRequest;
type DiscoveryResponse = envoy.service.discovery.v3.DiscoveryResponse.$Properties;

/** SecretDiscoveryService.FetchSecrets: what is there now. UNAVAILABLE while nothing of what was asked for is. */
export function createFetchSecrets(deps: {
  readonly store: SecretStore;
  readonly logger: Logger;
}): UnaryHandler<DiscoveryRequest, DiscoveryResponse> {
  return ({ resourceNames }) => {
    const names = requestableNames(deps.store, resourceNames, deps.logger);
    const secrets = names.flatMap((name) => deps.store.get(name) ?? []);
    if (secrets.length === 0) {
      return Promise.reject(new SignetError('CA_DOWN', 'none of these secrets is there yet'));
    }
    return Promise.resolve(buildSecretsResponse(secrets, ''));
  };
}
