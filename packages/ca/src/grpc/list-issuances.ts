// SPDX-License-Identifier: Apache-2.0
import type { ListIssuancesRequest__Output, ListIssuancesResponse } from '@signet/proto';
import type { CaContext } from '../ca-context.ts';
import { nextPageToken, pageFromWire } from '../wire/page.ts';
import { issuanceToWire } from '../wire/to-issuance.ts';

/** signet.ca.v1.IssuanceLedger/ListIssuances. */
export function listIssuances(ca: CaContext) {
  return async (request: ListIssuancesRequest__Output): Promise<ListIssuancesResponse> => {
    const page = pageFromWire(request);
    const rows = await ca.ledger.list({ podUid: request.podUid, ...page });
    return { issuances: rows.map(issuanceToWire), nextPageToken: nextPageToken(rows, page) };
  };
}
