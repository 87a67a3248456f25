// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from '@jest/globals';
import { driveSession, namesOf } from '../test/session-driver.ts';
import {
  cluster,
  desiredState,
  endpoints,
  httpListener,
  routes,
  rules,
  staticCluster,
  tcpListener,
} from '../test/sample-resources.ts';
import { typeUrls } from './resource-types.ts';
import type { SessionResponse } from './session.ts';

const variants = ['delta', 'sotw'] as const;

function only(responses: readonly SessionResponse[]): SessionResponse {
  expect(responses).toHaveLength(1);
  const [response] = responses;
  if (response === undefined) throw new Error('no response');
  return response;
}

describe.each(variants)('%s: first requests', (variant) => {
  test.each([typeUrls.cluster, typeUrls.listener])(
    'a wildcard request for %s is answered even when there is nothing',
    (typeUrl) => {
      const driver = driveSession(variant);
      driver.desire(desiredState(1));
      expect(only(driver.request({ typeUrl })).resources).toEqual([]);
    },
  );

  test('nothing is sent before the desired state is known, then what was asked for', () => {
    const driver = driveSession(variant);
    expect(driver.request({ typeUrl: typeUrls.cluster })).toEqual([]);
    expect(namesOf(only(driver.desire(desiredState(1, cluster('a')))))).toEqual(['a']);
  });

  test('the first request for endpoints is answered, also when none of the names exists', () => {
    const driver = driveSession(variant);
    driver.desire(desiredState(1));
    expect(only(driver.request({ typeUrl: typeUrls.endpoints, subscribe: ['b'] })).resources).toEqual([]);
  });

  test('foreign names get nothing', () => {
    const driver = driveSession(variant);
    driver.desire(desiredState(1, rules('mine', 'allow')));
    expect(driver.request({ typeUrl: typeUrls.extension, subscribe: ['theirs'] })).toEqual([]);
    expect(driver.request({ typeUrl: typeUrls.secret, subscribe: ['default'] })).toEqual([]);
  });

  test('a type that is not served is ignored', () => {
    const driver = driveSession(variant);
    driver.desire(desiredState(1));
    expect(driver.request({ typeUrl: 'type.googleapis.com/envoy.service.runtime.v3.Runtime' })).toEqual([]);
    expect(driver.effects).toEqual([]);
  });
});

describe.each(variants)('%s: updates', (variant) => {
  test('an update travels once, the newest wins while an answer is owed', () => {
    const driver = driveSession(variant);
    driver.desire(desiredState(1, staticCluster('a')));
    const first = only(driver.request({ typeUrl: typeUrls.cluster }));
    expect(driver.desire(desiredState(2, staticCluster('a', 2)))).toEqual([]);
    expect(driver.desire(desiredState(3, staticCluster('a', 3)))).toEqual([]);
    const second = only(driver.ack(first));
    expect(second.resources).toEqual([staticCluster('a', 3)]);
    expect(driver.ack(second)).toEqual([]);
    expect(driver.desire(desiredState(4, staticCluster('a', 3)))).toEqual([]);
  });

  test('an overdue answer does not hold up updates for ever', () => {
    const driver = driveSession(variant);
    driver.desire(desiredState(1, staticCluster('a')));
    const first = only(driver.request({ typeUrl: typeUrls.cluster }));
    driver.desire(desiredState(2, staticCluster('a', 2)));
    const second = only(driver.pass(5000));
    driver.ack(first);
    driver.ack(second);
    expect(driver.session().settled).toBeUndefined();
    only(driver.request({ typeUrl: typeUrls.listener }));
  });

  test('a cluster that is sent again brings its endpoints again', () => {
    const driver = driveSession(variant);
    driver.desire(desiredState(1, cluster('a'), endpoints('a')));
    driver.ack(only(driver.request({ typeUrl: typeUrls.cluster })));
    driver.ack(only(driver.request({ typeUrl: typeUrls.endpoints, subscribe: ['a'] })));
    const responses = driver.desire(desiredState(2, cluster('a', 2), endpoints('a')));
    expect(responses.map(({ typeUrl }) => typeUrl)).toEqual([typeUrls.cluster, typeUrls.endpoints]);
    expect(responses[1]?.resources).toEqual([endpoints('a')]);
  });

  test('endpoints and secrets do not wait for the answer to the clusters', () => {
    const driver = driveSession(variant);
    driver.desire(desiredState(1, cluster('a'), endpoints('a')));
    only(driver.request({ typeUrl: typeUrls.cluster }));
    expect(namesOf(only(driver.request({ typeUrl: typeUrls.endpoints, subscribe: ['a'] })))).toEqual(['a']);
  });

  test('endpoints that are gone are sent empty', () => {
    const driver = driveSession(variant);
    driver.desire(desiredState(1, cluster('a'), endpoints('a')));
    driver.ack(only(driver.request({ typeUrl: typeUrls.cluster })));
    driver.ack(only(driver.request({ typeUrl: typeUrls.endpoints, subscribe: ['a'] })));
    const empty = only(driver.desire(desiredState(2, cluster('a'))));
    expect(empty.typeUrl).toBe(typeUrls.endpoints);
    expect(empty.removed).toEqual([]);
    expect(empty.resources.map(({ name, bytes }) => [name, bytes.length])).toEqual([['a', 3]]);
    expect(driver.ack(empty)).toEqual([]);
  });
});

describe.each(variants)('%s: order', (variant) => {
  function ready() {
    const driver = driveSession(variant);
    driver.desire(desiredState(1, staticCluster('a'), tcpListener('l', 'a')));
    driver.ack(only(driver.request({ typeUrl: typeUrls.cluster })));
    driver.ack(only(driver.request({ typeUrl: typeUrls.listener })));
    return driver;
  }

  test('a listener waits for a cluster that is new, and goes when it is accepted', () => {
    const driver = ready();
    const clusters = only(
      driver.desire(desiredState(2, staticCluster('a'), staticCluster('b'), tcpListener('l', 'b'))),
    );
    expect(clusters.typeUrl).toBe(typeUrls.cluster);
    expect(only(driver.ack(clusters)).resources).toEqual([tcpListener('l', 'b')]);
  });

  test('a listener that names nothing new waits for nothing', () => {
    const driver = ready();
    const next = desiredState(2, staticCluster('a'), staticCluster('b'), tcpListener('l', 'a', { variant: 2 }));
    expect(driver.desire(next).map(({ typeUrl }) => typeUrl)).toEqual([typeUrls.cluster, typeUrls.listener]);
  });

  test('the barrier times out', () => {
    const driver = ready();
    driver.desire(desiredState(2, staticCluster('a'), staticCluster('b'), tcpListener('l', 'b')));
    expect(driver.pass(2999)).toEqual([]);
    expect(only(driver.pass(1)).typeUrl).toBe(typeUrls.listener);
  });

  test('a rejected cluster holds nothing back', () => {
    const driver = ready();
    const clusters = only(
      driver.desire(desiredState(2, staticCluster('a'), staticCluster('b'), tcpListener('l', 'b'))),
    );
    const after = driver.nack(clusters, 'Error adding/updating cluster(s) b: no good');
    expect(after.map(({ typeUrl }) => typeUrl)).toContain(typeUrls.listener);
  });

  test('a cluster goes after what named it, when drains are over', () => {
    const driver = ready();
    const listeners = only(driver.desire(desiredState(2, staticCluster('a'))));
    expect(listeners.typeUrl).toBe(typeUrls.listener);
    if (variant === 'delta') expect(listeners.removed).toEqual(['l']);
    else expect(listeners.resources).toEqual([]);
    driver.ack(listeners);
    driver.desire(desiredState(3));
    expect(driver.session().settled?.revision.source).toBe(3);
    expect(driver.pass(4999)).toEqual([]);
    const removal = only(driver.pass(1));
    expect(removal.typeUrl).toBe(typeUrls.cluster);
    if (variant === 'delta') expect(removal.removed).toEqual(['a']);
    else expect(removal.resources).toEqual([]);
  });

  test('access rules stay until connections of the listener that named them have drained', () => {
    const driver = driveSession(variant);
    const listener = httpListener('l', { routes: 'r', rules: 'x' });
    driver.desire(desiredState(1, staticCluster('a'), listener, routes('r', 'a'), rules('x', 'allow')));
    driver.ack(only(driver.request({ typeUrl: typeUrls.cluster })));
    driver.ack(only(driver.request({ typeUrl: typeUrls.listener })));
    driver.ack(only(driver.request({ typeUrl: typeUrls.routes, subscribe: ['r'] })));
    expect(driver.session().settled).toBeUndefined();
    driver.ack(only(driver.request({ typeUrl: typeUrls.extension, subscribe: ['x'] })));
    expect(driver.session().settled?.revision.source).toBe(1);
    const gone = only(driver.desire(desiredState(2, staticCluster('a'))));
    driver.ack(gone);
    expect(driver.pass(4999)).toEqual([]);
    const late = driver.pass(1);
    expect(late.map(({ typeUrl, removed }) => [typeUrl, removed])).toEqual(
      variant === 'delta'
        ? [
            [typeUrls.routes, ['r']],
            [typeUrls.extension, ['x']],
          ]
        : [],
    );
  });
});

describe.each(variants)('%s: reconnect', (variant) => {
  test('nothing that is held is sent again, except endpoints', () => {
    const state = desiredState(7, cluster('a'), cluster('b'), endpoints('a'), endpoints('b'));
    const before = driveSession(variant);
    before.desire(state);
    const clusters = only(before.request({ typeUrl: typeUrls.cluster }));
    before.ack(clusters);
    const after = driveSession(variant);
    after.desire({ ...state, revision: { source: 8, ledger: 0 } });
    const held = new Map([cluster('a'), cluster('b')].map(({ name, hash }) => [name, hash]));
    const report = variant === 'delta' ? { initialVersions: held } : { version: clusters.version };
    expect(after.request({ typeUrl: typeUrls.cluster, ...report })).toEqual([]);
    expect(namesOf(only(after.request({ typeUrl: typeUrls.endpoints, subscribe: ['a', 'b'] })))).toEqual(['a', 'b']);
  });

  test('what changed meanwhile is sent, what is gone is removed', () => {
    const driver = driveSession(variant);
    driver.desire(desiredState(8, staticCluster('a', 2), staticCluster('b')));
    const held = new Map(
      [staticCluster('a'), staticCluster('b'), staticCluster('c')].map(({ name, hash }) => [name, hash]),
    );
    const report = variant === 'delta' ? { initialVersions: held } : { version: 'other@1.0' };
    const response = only(driver.request({ typeUrl: typeUrls.cluster, ...report }));
    expect(namesOf(response)).toEqual(variant === 'delta' ? ['a'] : ['a', 'b']);
    driver.ack(response);
    driver.request({ typeUrl: typeUrls.listener });
    expect(driver.pass(10_000).flatMap(({ removed }) => removed)).toEqual(variant === 'delta' ? ['c'] : []);
  });

  test('endpoints that went meanwhile are sent empty', () => {
    const driver = driveSession(variant);
    driver.desire(desiredState(8));
    const report = variant === 'delta' ? { initialVersions: new Map([['a', 'h']]) } : { version: 'h@1.0' };
    const response = only(driver.request({ typeUrl: typeUrls.endpoints, subscribe: ['a'], ...report }));
    expect(namesOf(response)).toEqual(['a']);
  });
});
