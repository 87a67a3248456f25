// SPDX-License-Identifier: Apache-2.0
import type { ListRefusalsRequest__Output, ListRefusalsResponse } from '@signet/proto';
import type { CaContext } from '../ca-context.ts';
import { nextPageToken, pageFromWire } from '../wire/page.ts';
import { dateToWire } from '../wire/timestamp.ts';

/** signet.ca.v1.IssuanceLedger/ListRefusals. */
export function listRefusals(ca: CaContext) {
  return async (request: ListRefusalsRequest__Output): Promise<ListRefusalsResponse> => {
    const page = pageFromWire(request);
    const rows = await ca.refusalLog.list(page);
    return {
      refusals: rows.map(({ time, ...row }) => ({ ...row, time: dateToWire(time) })),
      nextPageToken: nextPageToken(rows, page),
    };
  };
}
