// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from '@jest/globals';
import { driveSession, namesOf } from '../test/session-driver.ts';
import { desiredState, rules, staticCluster } from '../test/sample-resources.ts';
import { typeUrls } from './resource-types.ts';

describe('names', () => {
  test('delta: a name that is asked for again is sent again', () => {
    const driver = driveSession('delta');
    driver.desire(desiredState(1, rules('x', 'allow'), rules('y', 'allow')));
    const [first] = driver.request({ typeUrl: typeUrls.extension, subscribe: ['x'] });
    if (first === undefined) throw new Error('no response');
    driver.ack(first);
    const [again] = driver.request({ typeUrl: typeUrls.extension, subscribe: ['x'] });
    expect(namesOf(again)).toEqual(['x']);
  });

  test('delta: what was given up is not sent, and sent when it is wanted again', () => {
    const driver = driveSession('delta');
    driver.desire(desiredState(1, rules('x', 'allow')));
    const [first] = driver.request({ typeUrl: typeUrls.extension, subscribe: ['x'] });
    if (first === undefined) throw new Error('no response');
    driver.ack(first);
    driver.request({ typeUrl: typeUrls.extension, unsubscribe: ['x'] });
    expect(driver.desire(desiredState(2, rules('x', 'deny')))).toEqual([]);
    expect(namesOf(driver.request({ typeUrl: typeUrls.extension, subscribe: ['x'] })[0])).toEqual(['x']);
  });

  test('sotw: a stale nonce changes nothing, the repetition does', () => {
    const driver = driveSession('sotw');
    driver.desire(desiredState(1, rules('x', 'allow'), rules('y', 'allow')));
    const [first] = driver.request({ typeUrl: typeUrls.extension, subscribe: ['x'] });
    if (first === undefined) throw new Error('no response');
    driver.ack(first);
    const [second] = driver.desire(desiredState(2, rules('x', 'deny'), rules('y', 'allow')));
    if (second === undefined) throw new Error('no response');
    expect(driver.request({ typeUrl: typeUrls.extension, nonce: first.nonce, subscribe: ['x', 'y'] })).toEqual([]);
    const [third] = driver.request({ typeUrl: typeUrls.extension, nonce: second.nonce, subscribe: ['x', 'y'] });
    expect(namesOf(third)).toEqual(['y']);
  });

  test('sotw: a wildcard that was implied ends with the first name', () => {
    const driver = driveSession('sotw');
    driver.desire(desiredState(1, staticCluster('a'), staticCluster('b')));
    const [first] = driver.request({ typeUrl: typeUrls.cluster });
    expect(namesOf(first)).toEqual(['a', 'b']);
    if (first === undefined) throw new Error('no response');
    driver.request({ typeUrl: typeUrls.cluster, nonce: first.nonce, subscribe: ['a'] });
    const [second] = driver.desire(desiredState(2, staticCluster('a', 2), staticCluster('b', 2)));
    expect(namesOf(second)).toEqual(['a']);
  });

  test.each(['delta', 'sotw'] as const)('%s: enumeration ends the stream', (variant) => {
    const driver = driveSession(variant, { limits: { unknownNamesMax: 10 } });
    driver.desire(desiredState(1));
    const guesses = Array.from({ length: 11 }, (_, index) => `guess-${index}`);
    driver.request({ typeUrl: typeUrls.secret, subscribe: guesses });
    expect(driver.effects).toMatchObject([{ kind: 'close', reason: 'RATE_EXCEEDED' }]);
  });

  test.each([
    ['too many names', Array.from({ length: 11 }, (_, index) => `n${index}`)],
    ['a long name', ['x'.repeat(513)]],
  ])('%s end the stream', (_, subscribe) => {
    const driver = driveSession('delta', { limits: { namesMax: 10 } });
    driver.desire(desiredState(1));
    driver.request({ typeUrl: typeUrls.endpoints, subscribe });
    expect(driver.effects).toMatchObject([{ kind: 'close' }]);
  });
});
