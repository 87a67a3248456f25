// SPDX-License-Identifier: Apache-2.0
import { normaliseSerial, SignetError } from '@signet/model';
import type { Issuance__Output, IssuanceEvent__Output } from '@signet/proto';
import { decodeTime } from './inventory-decode.ts';

/** What the ledger says of a certificate, as far as streams are concerned. */
export interface KnownIssuance {
  readonly serial: string;
  readonly spiffeId: string;
  /** Empty for control-plane and operator identities without a pod. */
  readonly podUid: string;
  readonly namespace: string;
  readonly podName: string;
  readonly notAfter: Date;
}

/** Serials to pods, fed by the issuance stream. */
export interface IssuanceCache {
  apply(event: IssuanceEvent__Output): void;
  /** Everything that was valid when the stream began has arrived. */
  isSynced(): boolean;
  /** Newest sequence seen; a new stream continues from it. */
  sequence(): number;
  /** Asks the ledger on a miss. Throws SERIAL_UNKNOWN, or what the lookup threw when the CA does not answer. */
  find(serial: string): Promise<KnownIssuance>;
  /** Forgets what has expired. */
  prune(now: Date): void;
  size(): number;
}

/** Creates an empty cache over a lookup in the ledger. */
export function createIssuanceCache(lookup: (serial: string) => Promise<Issuance__Output>): IssuanceCache {
  const bySerial = new Map<string, KnownIssuance>();
  let isSynced = false;
  let sequence = 0;
  const put = (wire: Issuance__Output): KnownIssuance => {
    const { spiffeId, podUid, namespace, podName } = wire;
    const known = {
      serial: normaliseSerial(wire.serial),
      spiffeId,
      podUid,
      namespace,
      podName,
      notAfter: decodeTime(wire.notAfter),
    };
    bySerial.set(known.serial, known);
    return known;
  };
  return {
    apply(event) {
      if (event.issued) {
        put(event.issued);
        sequence = Math.max(sequence, event.issued.sequence);
      }
      if (event.synced) {
        isSynced = true;
        sequence = Math.max(sequence, event.synced.sequence);
      }
    },
    isSynced: () => isSynced,
    sequence: () => sequence,
    async find(serial) {
      const known = bySerial.get(serial);
      if (known !== undefined) return known;
      try {
        return put(await lookup(serial));
      } catch (error) {
        if (error instanceof SignetError && error.kind === 'not_found') {
          throw new SignetError('SERIAL_UNKNOWN', 'the certificate of this connection is not in the ledger');
        }
        throw error;
      }
    },
    prune(now) {
      for (const [serial, { notAfter }] of bySerial) if (notAfter < now) bySerial.delete(serial);
    },
    size: () => bySerial.size,
  };
}
