// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from '@jest/globals';
import { planDeployment, planStatefulSet, type RolloutPod } from './plan-rollout.ts';

const pod = (name: string, isCurrent: boolean, isReady: boolean): RolloutPod => ({ name, isCurrent, isReady });

describe('planDeployment', () => {
  test('creates what is missing', () => {
    expect(planDeployment([], 3)).toEqual({ create: 3, remove: [] });
  });

  test('rolls out one more than asked for and keeps the old ones until it is ready', () => {
    const old = [pod('a', false, true), pod('b', false, true)];
    expect(planDeployment(old, 2)).toEqual({ create: 1, remove: [] });
    expect(planDeployment([...old, pod('c', true, false)], 2)).toEqual({ create: 0, remove: [] });
    expect(planDeployment([...old, pod('c', true, true)], 2)).toEqual({ create: 0, remove: ['a'] });
  });

  test('an old pod that is not ready is no loss', () => {
    expect(planDeployment([pod('a', false, false), pod('b', false, true)], 2).remove).toEqual(['a']);
  });

  test('scaling down takes those that are not ready first', () => {
    expect(planDeployment([pod('a', true, true), pod('b', true, false)], 1)).toEqual({ create: 0, remove: ['b'] });
    expect(planDeployment([pod('a', true, true)], 0)).toEqual({ create: 0, remove: ['a'] });
  });

  test.each([1, 2, 3, 4, 5, 8])('a rollout of %d pods ends, and never has fewer than allowed', (replicas) => {
    let pods = Array.from({ length: replicas }, (_, index) => pod(`old-${index}`, false, true));
    for (let round = 0; round < 50; round += 1) {
      const step = planDeployment(pods, replicas);
      pods = pods.filter((candidate) => !step.remove.includes(candidate.name));
      expect(pods.filter((candidate) => candidate.isReady).length).toBeGreaterThanOrEqual(
        replicas - Math.floor(replicas / 4),
      );
      pods.push(...Array.from({ length: step.create }, (_, index) => pod(`new-${round}-${index}`, true, false)));
      expect(pods.length).toBeLessThanOrEqual(replicas + Math.ceil(replicas / 4));
      pods = pods.map((candidate) => ({ ...candidate, isReady: true }));
    }
    expect(pods.every((candidate) => candidate.isCurrent)).toBe(true);
    expect(pods).toHaveLength(replicas);
  });
});

describe('planStatefulSet', () => {
  const member = (ordinal: number, isCurrent: boolean, isReady: boolean) => ({
    ...pod(`db-${ordinal}`, isCurrent, isReady),
    ordinal,
  });

  test('creates missing ordinals', () => {
    expect(planStatefulSet([member(1, true, true)], 3).create).toEqual([0, 2]);
  });

  test('replaces from the highest down, one at a time', () => {
    expect(planStatefulSet([member(0, false, true), member(1, false, true)], 2).remove).toEqual(['db-1']);
    expect(planStatefulSet([member(0, false, true), member(1, true, false)], 2).remove).toEqual([]);
    expect(planStatefulSet([member(0, false, true), member(1, true, true)], 2).remove).toEqual(['db-0']);
  });

  test('removes what is beyond the number asked for', () => {
    expect(planStatefulSet([member(0, true, true), member(1, true, true)], 1)).toEqual({
      create: [],
      remove: ['db-1'],
    });
  });
});
