// SPDX-License-Identifier: Apache-2.0
import { normaliseSerial, SignetError } from '@signet/model';
import { formatPem } from '@signet/pki';
import type { GetIssuanceRequest__Output, Issuance } from '@signet/proto';
import type { CaContext } from '../ca-context.ts';
import { issuanceToWire } from '../wire/to-issuance.ts';

/** signet.ca.v1.IssuanceLedger/GetIssuance. */
export function getIssuance(ca: CaContext) {
  return async ({ serial }: GetIssuanceRequest__Output): Promise<Issuance> => {
    if (!/^[0-9a-f:]{1,64}$/i.test(serial)) {
      throw new SignetError('REQUEST_INVALID', 'serial must be hexadecimal', { field: 'serial' });
    }
    const entry = await ca.ledger.find(normaliseSerial(serial));
    if (entry === undefined)
      throw new SignetError('ISSUANCE_UNKNOWN', `the ledger has no certificate ${normaliseSerial(serial)}`);
    return { ...issuanceToWire(entry.issuance), certificate: formatPem('CERTIFICATE', entry.certificate) };
  };
}
