// SPDX-License-Identifier: Apache-2.0
import { beforeEach, describe, expect, test } from '@jest/globals';
import { at, event, podEvent, revision, serviceEvent } from '../../test/inventory-events.ts';
import { PodDirectory } from './pod-directory.ts';

let ended: string[];
let directory: PodDirectory;

beforeEach(() => {
  ended = [];
  directory = new PodDirectory((podUid) => ended.push(podUid));
});

function feed(...events: readonly Parameters<typeof event>[0][]): void {
  for (const one of events) directory.apply(event(one), at(0));
}

describe('what is known of a pod', () => {
  test('nothing before the first complete state counts as fresh', () => {
    feed(podEvent('a'));
    expect(directory.isSynced).toBe(false);
    expect(directory.silenceMs(at(0))).toBe(Number.POSITIVE_INFINITY);
    feed(revision());
    expect(directory.isSynced).toBe(true);
    expect(directory.silenceMs(at(7))).toBe(7000);
    expect(directory.find('a').kind).toBe('present');
    expect(directory.find('b').kind).toBe('unknown');
  });

  test('a stale source is as good as silence', () => {
    feed(podEvent('a'), revision({ stale: true }));
    expect(directory.silenceMs(at(0))).toBe(Number.POSITIVE_INFINITY);
  });

  test('its removal is remembered, unless it comes back', () => {
    feed(
      podEvent('a'),
      revision(),
      { deleted: { kind: 'workload', namespace: 'shop', name: 'a', uid: 'a' } },
      revision(),
    );
    expect(directory.find('a').kind).toBe('deleted');
    expect(ended).toEqual(['a']);
    feed(podEvent('a'));
    expect(directory.find('a').kind).toBe('present');
  });

  test('a pod that vanished while the stream was down counts as removed once the new one is complete', () => {
    feed(podEvent('a'), podEvent('b'), revision());
    directory.restart();
    feed(podEvent('b'));
    expect(directory.find('a').kind).toBe('present');
    feed(revision({ synced: false }));
    expect(directory.find('a').kind).toBe('present');
    feed(revision());
    expect(directory.find('a').kind).toBe('deleted');
    expect(ended).toEqual(['a']);
  });

  test.each([{ terminating: true }, { phase: 'Succeeded' }, { phase: 'Failed' }])('the end is told: %j', (change) => {
    feed(podEvent('a', change), revision());
    expect(ended).toEqual(['a']);
  });
});

describe('Services of a pod', () => {
  const namesOf = (uid: string): string[] => {
    const found = directory.find(uid);
    return found.kind === 'present' ? directory.servicesOf(found.pod).map((service) => service.name) : [];
  };

  test('are those of its namespace whose whole selector matches', () => {
    feed(
      podEvent('a', { labels: { app: 'cart', tier: 'web' } }),
      serviceEvent('both', { app: 'cart', tier: 'web' }),
      serviceEvent('one', { app: 'cart' }),
      serviceEvent('other', { app: 'cart', tier: 'db' }),
      serviceEvent('none', {}),
      serviceEvent('elsewhere', { app: 'cart' }, 'other'),
      revision(),
    );
    expect(namesOf('a')).toEqual(['both', 'one']);
  });

  test.each([
    ['FOREIGN_ORIGIN', []],
    ['BARE_POD', []],
    ['NO_CERTIFICATE', ['cart']],
    ['NOT_READY', ['cart']],
    ['ATTESTED', ['cart']],
  ])('an endpoint that is %s', (reason, expected) => {
    const endpoints = { namespace: 'shop', service: 'cart', endpoints: [{ podUid: 'a', reason }] };
    feed(podEvent('a'), serviceEvent('cart', { app: 'a' }), { endpoints }, revision());
    expect(namesOf('a')).toEqual(expected);
  });
});
