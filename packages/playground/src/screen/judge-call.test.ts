// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from '@jest/globals';
import type { CallOutcome, CallResult } from '../sample/call-result.ts';
import type { DeclaredCall } from './declared-calls.ts';
import { judgeCall } from './judge-call.ts';
import { edge, frontend, outsider, view } from './mesh-view-fixture.ts';
import type { MadeCall } from './run-calls.ts';

const call: DeclaredCall = { to: 'cart', port: 80, protocol: 'http', method: 'GET', path: '/', expected: 'allowed' };
const result = (outcome: CallOutcome): CallResult => ({
  target: '',
  outcome,
  status: outcome === 'ok' ? 200 : 403,
  pod: outcome === 'ok' ? 'cart-1' : undefined,
  message: outcome,
  bytes: 0,
  latencyMs: 1,
});
const made = (outcomes: readonly CallOutcome[], change: Partial<MadeCall> = {}): MadeCall => ({
  from: frontend,
  call,
  results: outcomes.map(result),
  ...change,
});

describe('judgeCall', () => {
  test('joins an allowed call with what the called side logged', () => {
    expect(judgeCall(made(['ok', 'ok']), view)).toEqual({
      row: {
        from: 'frontend-1',
        to: 'cart-1',
        expected: 'allowed',
        verdict: 'allowed',
        mtls: true,
        clientSerial: '0f',
        serverSerial: 'aabbccddee',
        rule: 'AuthorizationPolicy/shop/cart/0',
      },
      problem: '',
    });
  });

  test('a call that was served only sometimes is not allowed, and a problem', () => {
    const { row, problem } = judgeCall(made(['ok', 'refused']), view);
    expect(row.verdict).toBe('refused');
    expect(problem).toContain('expected allowed');
  });

  test('an error is no refusal, even where a refusal is expected', () => {
    const { problem } = judgeCall(made(['error'], { call: { ...call, expected: 'refused' } }), view);
    expect(problem).toContain('error');
  });

  test('a refusal names the ALLOW policies that did not match, and no DENY', () => {
    const edges = [{ ...edge, verdict: 'DENIED', rule: '' }];
    const { row, problem } = judgeCall(made(['refused'], { call: { ...call, expected: 'refused' } }), {
      ...view,
      edges,
    });
    expect(problem).toBe('');
    expect(row.rule).toBe('no ALLOW matches; in force: AuthorizationPolicy/shop/cart');
  });

  test('a caller without a certificate is known by its address', () => {
    const edges = [
      {
        ...edge,
        source: '10.244.1.9',
        sourcePod: '',
        sourceSerial: '',
        transport: 'plaintext',
        verdict: 'DENIED',
        rule: 'x',
      },
    ];
    const { row } = judgeCall(
      made(['refused'], { from: outsider, call: { ...call, to: 'cart.shop', expected: 'refused' } }),
      { ...view, edges },
    );
    expect(row).toMatchObject({ from: 'outsider-1', to: 'cart-1', mtls: false, clientSerial: null, rule: 'x' });
  });

  test('a call that nobody logged goes to the Service', () => {
    const { row } = judgeCall(made(['refused'], { call: { ...call, expected: 'refused' } }), { ...view, edges: [] });
    expect(row).toMatchObject({ to: 'cart', mtls: false, clientSerial: null, serverSerial: null, rule: null });
  });
});
