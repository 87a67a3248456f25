// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from '@jest/globals';
import { driveSession, namesOf, type SessionDriver } from '../test/session-driver.ts';
import { desiredState, encoded, rules, staticCluster } from '../test/sample-resources.ts';
import { carryRejections } from './reduce-session.ts';
import { typeUrls } from './resource-types.ts';
import type { SessionResponse } from './session.ts';

const message = 'Error adding/updating cluster(s) b: no good';

function first(responses: readonly SessionResponse[]): SessionResponse {
  const [response] = responses;
  if (response === undefined) throw new Error('no response');
  return response;
}

function clustersHeld(driver: SessionDriver, ...names: string[]): void {
  driver.desire(desiredState(1, ...names.map((name) => staticCluster(name))));
  driver.ack(first(driver.request({ typeUrl: typeUrls.cluster })));
}

describe.each(['delta', 'sotw'] as const)('%s: rejections', (variant) => {
  test('a named culprit is withheld, the others are sent again, the last good form stays', () => {
    const driver = driveSession(variant);
    clustersHeld(driver, 'a', 'b');
    const bad = first(driver.desire(desiredState(2, staticCluster('a', 2), staticCluster('b', 2))));
    const again = first(driver.nack(bad, message));
    expect(again.resources).toEqual(
      variant === 'delta' ? [staticCluster('a', 2)] : [staticCluster('a', 2), staticCluster('b')],
    );
    expect(driver.ack(again)).toEqual([]);
    expect(driver.effects).toContainEqual({
      kind: 'rejected',
      typeUrl: typeUrls.cluster,
      message,
      culprits: [{ name: 'b', hash: staticCluster('b', 2).hash }],
    });
  });

  test('a rejected content is not sent again until it changes', () => {
    const driver = driveSession(variant);
    clustersHeld(driver, 'b');
    driver.nack(first(driver.desire(desiredState(2, staticCluster('b', 2)))), message);
    expect(driver.desire(desiredState(3, staticCluster('b', 2)))).toEqual([]);
    expect(first(driver.desire(desiredState(4, staticCluster('b', 3)))).resources).toEqual([staticCluster('b', 3)]);
  });

  test('without a name the response is halved until the culprit is alone', () => {
    const driver = driveSession(variant);
    const names = ['x1', 'x2', 'x3', 'x4', 'x5'];
    driver.desire(desiredState(1, ...names.map((name) => rules(name, 'allow'))));
    let responses = driver.request({ typeUrl: typeUrls.extension, subscribe: names });
    const sizes: number[] = [];
    for (let round = 0; responses.length > 0 && round < 20; round += 1) {
      const response = first(responses);
      sizes.push(response.resources.length);
      responses = namesOf(response).includes('x4') ? driver.nack(response, 'something is wrong') : driver.ack(response);
    }
    expect(sizes).toEqual([5, 3, 2, 1, 1]);
    const state = driver.session().types.get(typeUrls.extension);
    expect([...(state?.rejections.keys() ?? [])]).toEqual(['x4']);
    expect([...(state?.held.keys() ?? [])].sort()).toEqual(['x1', 'x2', 'x3', 'x5']);
  });

  test('while a culprit is searched for, other changes go first', () => {
    const driver = driveSession(variant);
    driver.desire(desiredState(1, ...['p', 'q', 'r'].map((name) => rules(name, 'allow'))));
    const all = first(driver.request({ typeUrl: typeUrls.extension, subscribe: ['p', 'q', 'r', 's'] }));
    const half = first(driver.nack(all, '?'));
    driver.desire(desiredState(2, ...['p', 'q', 'r', 's'].map((name) => rules(name, 'allow'))));
    expect(namesOf(first(driver.ack(half)))).toEqual(['s']);
  });

  test('a rejected secret is replaced by the last good one, which Envoy has lost', () => {
    const secret = (content: number) => encoded(typeUrls.secret, 'ROOTCA', new Uint8Array([content]));
    const driver = driveSession(variant);
    driver.desire(desiredState(1, secret(1)));
    driver.ack(first(driver.request({ typeUrl: typeUrls.secret, subscribe: ['ROOTCA'] })));
    const bad = first(driver.desire(desiredState(2, secret(2))));
    expect(first(driver.nack(bad, 'unreadable')).resources).toEqual([secret(1)]);
  });

  test('the next stream of the proxy remembers', () => {
    const driver = driveSession(variant);
    clustersHeld(driver, 'a', 'b');
    const bad = desiredState(2, staticCluster('a'), staticCluster('b', 2));
    driver.nack(first(driver.desire(bad)), message);
    const next = driveSession(variant, { carried: carryRejections(driver.session()) });
    next.desire(bad);
    const response = first(next.request({ typeUrl: typeUrls.cluster }));
    expect(response.resources).toEqual([staticCluster('a'), staticCluster('b')]);
  });

  test('settled names rejections', () => {
    const driver = driveSession(variant);
    clustersHeld(driver, 'b');
    driver.ack(first(driver.request({ typeUrl: typeUrls.listener })));
    driver.nack(first(driver.desire(desiredState(2, staticCluster('b', 2)))), message);
    if (variant === 'sotw') expect(driver.session().settled?.revision.source).toBe(2);
    expect(driver.effects.filter(({ kind }) => kind === 'settled')).toMatchObject([
      { desired: { revision: { source: 1 } }, hasRejections: false },
      { desired: { revision: { source: 2 } }, hasRejections: true },
    ]);
  });
});
