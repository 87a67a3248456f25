// SPDX-License-Identifier: Apache-2.0
import { TLSSocket } from 'node:tls';
import type { Socket } from 'node:net';
import { SignetError } from '@signet/model';
import { parseCertificateNames, type Clock, type PeerCertificate } from '@signet/runtime';

/** The verified certificate of a REST caller; undefined when it showed none. Throws when it showed a bad one. */
export function peerOfSocket(socket: Socket, clock: Clock): PeerCertificate | undefined {
  const certificate = socket instanceof TLSSocket ? socket.getPeerX509Certificate() : undefined;
  if (certificate === undefined) return undefined;
  if (!(socket instanceof TLSSocket) || !socket.authorized) {
    throw new SignetError('CERTIFICATE_REJECTED', 'the client certificate does not chain to a root of the mesh');
  }
  const { serial, spiffeId, notAfter } = parseCertificateNames(certificate.raw);
  // A connection may outlive the certificate that it was made with.
  if (notAfter <= clock.now()) throw new SignetError('CERTIFICATE_REJECTED', 'the client certificate has expired');
  return { raw: certificate.raw, serial, spiffeId, notAfter };
}
