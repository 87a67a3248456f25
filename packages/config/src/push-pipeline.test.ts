// SPDX-License-Identifier: Apache-2.0
import { afterEach, describe, expect, jest, test } from '@jest/globals';
import type { ResourceSet } from '@signet/envoy';
import type { AccessGraph } from '@signet/policy';
import { createProxyRegistry, createSession, type ConnectedProxy, type DesiredState } from '@signet/xds';
import { resourceSet, staticCluster } from '../../xds/test/sample-resources.ts';
import { samplePod, sampleSnapshot } from '../test/sample-inventory.ts';
import type { ConfigEvents } from './events.ts';
import type { Projector } from './mesh-projector.ts';
import { createPushPipeline, type PushPipeline } from './push-pipeline.ts';
import type { Computed, Recomputer } from './recompute.ts';

const graph = (trustDomain: string): AccessGraph => ({
  trustDomain,
  workloads: new Map(),
  outbound: { services: [], pods: [], plaintextSockets: [], withheldAddresses: [], withheldSockets: [] },
});

function createEvents() {
  return {
    proxyConnected: jest.fn(),
    proxyGone: jest.fn(),
    responseSent: jest.fn(),
    streamEvent: jest.fn(),
    computed: jest.fn(),
    computeFailed: jest.fn(),
    resourcesInvalid: jest.fn(),
    connectionsClosed: jest.fn(),
  } satisfies ConfigEvents;
}

let pipeline: PushPipeline | undefined;

afterEach(() => {
  pipeline?.stop();
  jest.useRealTimers();
});

function setUp(
  o: {
    recomputer?: Partial<Recomputer>;
    project?: Projector;
    check?: (set: ResourceSet) => readonly string[];
  } = {},
) {
  jest.useFakeTimers({ doNotFake: ['setImmediate', 'performance'] });
  const registry = createProxyRegistry();
  const events = createEvents();
  const computations: number[] = [];
  const recomputer: Recomputer = {
    compute: ({ snapshot, rootsPem }): Computed => {
      computations.push(snapshot.revision.source);
      const state = { snapshot, rootsPem, graph: graph(`at-${snapshot.revision.source}`) };
      return { state, revision: snapshot.revision, statuses: [], nextChange: undefined, next: undefined };
    },
    markFinal: () => {},
    ...o.recomputer,
  };
  pipeline = createPushPipeline({
    registry,
    recomputer,
    project: o.project ?? (({ snapshot }) => resourceSet(staticCluster('a', snapshot.revision.source))),
    events,
    clock: { now: () => new Date(Date.now()) },
    debounceMs: 20,
    ...(o.check === undefined ? {} : { check: o.check }),
  });
  const connect = (podUid = 'uid-a', mark?: number) => {
    const received: DesiredState[] = [];
    let session = createSession({ variant: 'delta' });
    const proxy: ConnectedProxy = registry.add({
      identity: { podUid, namespace: 'shop', pod: 'a', serial: '01' },
      node: { id: '', cluster: '', version: '', metadata: new Map(mark === undefined ? [] : [['PROXY_MARK', mark]]) },
      variant: 'delta',
      connectionId: 1,
      connectedAt: new Date(),
      stream: {
        session: () => session,
        receive: () => {},
        desire: (desired) => {
          received.push(desired);
          session = { ...session, desired };
        },
        fail: () => {},
        end: () => {},
        async *responses() {},
      },
    });
    const settle = () => {
      session = { ...session, settled: session.desired };
    };
    return { proxy, received, settle };
  };
  return { pipeline, registry, events, computations, connect };
}

describe('the pipeline', () => {
  test('waits for inventory and roots, and makes one push of a burst', () => {
    const { pipeline: subject, computations, connect } = setUp();
    const { received, proxy } = connect();
    subject.setSnapshot(sampleSnapshot(1, samplePod('a', '10.0.0.1')));
    jest.advanceTimersByTime(100);
    expect(subject.isReady()).toBe(false);
    expect(subject.desiredFor(proxy)).toBeUndefined();
    subject.setRoots('roots');
    subject.setSnapshot(sampleSnapshot(2));
    jest.advanceTimersByTime(10);
    subject.setSnapshot(sampleSnapshot(3));
    jest.advanceTimersByTime(10);
    expect(computations).toEqual([3]);
    expect(received.map(({ revision }) => revision.source)).toEqual([3]);
    expect(subject.finalRevision()?.source).toBe(3);
  });

  test('equal content keeps its identity and still moves the revision', () => {
    const { pipeline: subject, connect } = setUp({ project: () => resourceSet(staticCluster('a')) });
    const { received } = connect();
    subject.setRoots('roots');
    for (const source of [1, 2]) {
      subject.setSnapshot(sampleSnapshot(source));
      jest.advanceTimersByTime(20);
    }
    expect(received.map(({ revision }) => revision.source)).toEqual([1, 2]);
    expect(received[1]?.set).toBe(received[0]?.set);
  });

  test('the mark of the node reaches the projection', () => {
    const marks: (number | undefined)[] = [];
    const { pipeline: subject, connect } = setUp({
      project: (_state, _podUid, { proxyMark }) => {
        marks.push(proxyMark);
        return undefined;
      },
    });
    connect('uid-a', 1337);
    connect('uid-b');
    subject.setRoots('roots');
    subject.setSnapshot(sampleSnapshot(1));
    jest.advanceTimersByTime(20);
    expect(marks).toEqual([1337, undefined]);
  });

  test('a computation that fails leaves the last state in force', () => {
    let isBroken = false;
    const {
      pipeline: subject,
      events,
      connect,
    } = setUp({
      recomputer: {
        compute: ({ snapshot, rootsPem }) => {
          if (isBroken) throw new Error('broken');
          const state = { snapshot, rootsPem, graph: graph('x') };
          return { state, revision: snapshot.revision, statuses: [], nextChange: undefined, next: undefined };
        },
      },
    });
    const { received } = connect();
    subject.setRoots('roots');
    subject.setSnapshot(sampleSnapshot(1));
    jest.advanceTimersByTime(20);
    isBroken = true;
    subject.setSnapshot(sampleSnapshot(2));
    jest.advanceTimersByTime(20);
    expect(events.computeFailed).toHaveBeenCalledTimes(1);
    expect(received).toHaveLength(1);
    expect(subject.finalRevision()?.source).toBe(1);
  });

  test('what the check refuses is not sent', () => {
    const {
      pipeline: subject,
      events,
      connect,
    } = setUp({
      check: (set) => (set.byType.size > 0 && events.resourcesInvalid.mock.calls.length === 0 ? ['bad'] : []),
    });
    const { received } = connect();
    subject.setRoots('roots');
    subject.setSnapshot(sampleSnapshot(1));
    jest.advanceTimersByTime(20);
    expect(received).toEqual([]);
    subject.setSnapshot(sampleSnapshot(2));
    jest.advanceTimersByTime(20);
    expect(received).toHaveLength(1);
  });

  test('an expiry leads to a new computation', () => {
    const nextChange = new Date(60_000);
    const computed: number[] = [];
    const { pipeline: subject } = setUp({
      recomputer: {
        compute: ({ snapshot, rootsPem, now }) => {
          computed.push(now.getTime());
          const state = { snapshot, rootsPem, graph: graph('x') };
          return {
            state,
            revision: snapshot.revision,
            statuses: [],
            nextChange: now < nextChange ? nextChange : undefined,
            next: undefined,
          };
        },
      },
    });
    jest.setSystemTime(0);
    subject.setRoots('roots');
    subject.setSnapshot(sampleSnapshot(1));
    jest.advanceTimersByTime(61_000);
    expect(computed).toHaveLength(2);
  });
});

describe('a two-step change', () => {
  function twoSteps() {
    const told: string[] = [];
    const set = setUp({
      recomputer: {
        compute: ({ snapshot, rootsPem }) => {
          const state = { snapshot, rootsPem, graph: graph('step') };
          return {
            state,
            revision: snapshot.revision,
            statuses: [],
            nextChange: undefined,
            next: { ...state, graph: graph('final') },
          };
        },
        markFinal: ({ trustDomain }) => told.push(trustDomain),
      },
      project: (state) => resourceSet(staticCluster(state.graph.trustDomain)),
    });
    set.pipeline.setRoots('roots');
    const peer = set.connect();
    set.pipeline.setSnapshot(sampleSnapshot(7));
    jest.advanceTimersByTime(20);
    const names = () =>
      peer.received.flatMap((desired) => [...desired.set.byType.values()].flatMap((ofType) => [...ofType.keys()]));
    return { ...set, ...peer, told, names };
  }

  test('goes on when proxies took over the first step and have drained', () => {
    const { pipeline: subject, names, told, settle, proxy } = twoSteps();
    jest.advanceTimersByTime(1000);
    expect(names()).toEqual(['step']);
    expect(subject.finalRevision()).toBeUndefined();
    proxy.drainsUntilMs = Date.now() + 500;
    settle();
    jest.advanceTimersByTime(400);
    expect(names()).toEqual(['step']);
    jest.advanceTimersByTime(200);
    expect(names()).toEqual(['step', 'final']);
    expect(told).toEqual(['final']);
    expect(subject.finalRevision()?.source).toBe(7);
  });

  test('does not wait for a silent proxy for ever', () => {
    const { names } = twoSteps();
    jest.advanceTimersByTime(19_000);
    expect(names()).toEqual(['step']);
    jest.advanceTimersByTime(1500);
    expect(names()).toEqual(['step', 'final']);
  });
});
