// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from '@jest/globals';
import { envoy } from '@signet/proto/agent';
import { createLogger, type CallContext } from '@signet/runtime';
import { encodeRoots } from '../sds/encode-secret.ts';
import { createSecretStore, type SecretStore } from '../sds/secret-store.ts';
import { createDeltaSecrets } from './delta-secrets.ts';
import { createFetchSecrets } from './fetch-secrets.ts';
import { createStreamSecrets } from './stream-secrets.ts';

const { DiscoveryRequest, DeltaDiscoveryRequest } = envoy.service.discovery.v3;
const logger = createLogger({ component: 'test', level: 'silent' });
const context: CallContext = {
  peer: undefined,
  bearerToken: undefined,
  remoteAddress: 'unix',
  signal: new AbortController().signal,
  metadata: new Map(),
  connectionId: 1,
};

/** Requests that the test sends when it wants. */
function createRequests<Q>(): { readonly requests: AsyncIterable<Q>; send(request: Q): void; end(): void } {
  const queue: Q[] = [];
  let isEnded = false;
  let wake: () => void = () => undefined;
  async function* requests(): AsyncGenerator<Q> {
    for (;;) {
      const request = queue.shift();
      if (request !== undefined) yield request;
      else if (isEnded) return;
      else await new Promise<void>((resolve) => (wake = resolve));
    }
  }
  return {
    requests: requests(),
    send(request) {
      queue.push(request);
      wake();
    },
    end() {
      isEnded = true;
      wake();
    },
  };
}

function createStore(demanded: string[] = []): SecretStore {
  return createSecretStore({
    default: () => demanded.push('default'),
    serving: () => demanded.push('serving'),
    ROOTCA: () => undefined,
  });
}

const secret = (name: string, content: string) => encodeRoots(name, content);

describe('StreamSecrets', () => {
  test('answers when the secret comes, and again when it changes; an ACK gets no answer', async () => {
    const store = createStore();
    const { requests, send, end } = createRequests<InstanceType<typeof DiscoveryRequest>>();
    const responses = createStreamSecrets({ store, logger })(requests, context)[Symbol.asyncIterator]();
    send(new DiscoveryRequest({ resourceNames: ['default'] }));
    const first = responses.next();
    store.set(secret('default', 'one'));
    expect((await first).value).toMatchObject({ nonce: '1', versionInfo: secret('default', 'one').version });
    const second = responses.next();
    send(new DiscoveryRequest({ resourceNames: ['default'], responseNonce: '1' }));
    store.set(secret('ROOTCA', 'not asked for'));
    store.set(secret('default', 'two'));
    expect((await second).value).toMatchObject({ nonce: '2', resources: [{ value: secret('default', 'two').bytes }] });
    const last = responses.next();
    end();
    expect((await last).done).toBe(true);
  });

  test('a secret is worked on when somebody asks for it; an unknown name is answered by nothing', async () => {
    const demanded: string[] = [];
    const store = createStore(demanded);
    const { requests, send, end } = createRequests<InstanceType<typeof DiscoveryRequest>>();
    const responses = createStreamSecrets({ store, logger })(requests, context)[Symbol.asyncIterator]();
    const next = responses.next();
    send(new DiscoveryRequest({ resourceNames: ['../etc/shadow', 'toString'] }));
    send(new DiscoveryRequest({ resourceNames: ['serving'] }));
    send(new DiscoveryRequest({ resourceNames: ['serving'] }));
    end();
    expect((await next).done).toBe(true);
    expect(demanded).toEqual(['serving']);
  });
});

describe('DeltaSecrets', () => {
  test('does not repeat what a reconnecting Envoy holds', async () => {
    const store = createStore();
    store.set(secret('default', 'one'));
    store.set(secret('ROOTCA', 'roots'));
    const { requests, send, end } = createRequests<InstanceType<typeof DeltaDiscoveryRequest>>();
    const responses = createDeltaSecrets({ store, logger })(requests, context)[Symbol.asyncIterator]();
    const next = responses.next();
    send(
      new DeltaDiscoveryRequest({
        resourceNamesSubscribe: ['default', 'ROOTCA'],
        initialResourceVersions: { default: secret('default', 'one').version },
      }),
    );
    expect((await next).value).toMatchObject({ resources: [{ name: 'ROOTCA' }] });
    const changed = responses.next();
    store.set(secret('default', 'two'));
    expect((await changed).value).toMatchObject({ nonce: '2', resources: [{ name: 'default' }] });
    const afterEnd = responses.next();
    send(new DeltaDiscoveryRequest({ resourceNamesUnsubscribe: ['default'], responseNonce: '2' }));
    end();
    expect((await afterEnd).done).toBe(true);
  });
});

test('FetchSecrets refuses while there is nothing, and says it is temporary', async () => {
  const store = createStore();
  const fetchSecrets = createFetchSecrets({ store, logger });
  const request = new DiscoveryRequest({ resourceNames: ['default'] });
  await expect(fetchSecrets(request, context)).rejects.toMatchObject({ kind: 'unavailable' });
  store.set(secret('default', 'one'));
  expect(await fetchSecrets(request, context)).toMatchObject({
    resources: [{ value: secret('default', 'one').bytes }],
  });
});
