// SPDX-License-Identifier: Apache-2.0
import { Metadata, status } from '@grpc/grpc-js';
import { describe, expect, test } from '@jest/globals';
import { SignetError, reasons, type Reason } from '@signet/model';
import { kindMappings } from './error-status.ts';
import { formatWireError, toSignetError } from './rich-status.ts';

function received(wire: ReturnType<typeof formatWireError>): Error {
  return Object.assign(new Error(`${wire.code}: ${wire.details}`), wire);
}

describe('rich status', () => {
  test.each(Object.keys(reasons) as Reason[])('%s survives the wire', (reason) => {
    const sent = new SignetError(reason, 'what, why, what to do', { field: 'a.b', retryAfterMs: 1250 });
    const wire = formatWireError(sent);
    expect(wire.code).toBe(kindMappings[reasons[reason].kind].code);
    expect(toSignetError(received(wire))).toMatchObject({
      reason,
      kind: sent.kind,
      message: sent.message,
      field: 'a.b',
      retryAfterMs: 1250,
    });
  });

  test('the private part stays here', () => {
    const wire = formatWireError(
      new SignetError('STORE_DOWN', 'public', { detail: 'postgres://secret', cause: new Error('secret') }),
    );
    expect(JSON.stringify([wire.details, wire.metadata.getMap()])).not.toContain('secret');
  });

  test('a bare code becomes the nearest reason', () => {
    const bare = Object.assign(new Error('14 UNAVAILABLE'), {
      code: status.UNAVAILABLE,
      details: 'gone',
      metadata: new Metadata(),
    });
    expect(toSignetError(bare)).toMatchObject({ reason: 'PEER_DOWN', message: 'gone' });
  });

  test.each(['ff', '0a', '1aff01', '1a021200'])('garbage details %s are ignored', (hex) => {
    const metadata = new Metadata();
    metadata.set('grpc-status-details-bin', Buffer.from(hex, 'hex'));
    const error = Object.assign(new Error('x'), { code: status.NOT_FOUND, details: 'x', metadata });
    expect(toSignetError(error).reason).toBe('REQUEST_INVALID');
  });

  test('a reason of another domain is not taken for ours', () => {
    const wire = formatWireError(new SignetError('TOKEN_EXPIRED', 'x'));
    const [bytes] = wire.metadata.get('grpc-status-details-bin');
    if (!Buffer.isBuffer(bytes)) throw new Error('no details');
    const metadata = new Metadata();
    metadata.set(
      'grpc-status-details-bin',
      Buffer.from(bytes.toString('latin1').replace('signet.dev', 'sygnet.dev'), 'latin1'),
    );
    expect(toSignetError(Object.assign(new Error('x'), { code: wire.code, details: 'x', metadata })).reason).toBe(
      'CERTIFICATE_REJECTED',
    );
  });

  test('anything else is internal, with its cause', () => {
    const cause = new TypeError('x is undefined');
    expect(toSignetError(cause)).toMatchObject({ reason: 'INTERNAL', cause });
    expect(toSignetError('text').reason).toBe('INTERNAL');
  });
});
