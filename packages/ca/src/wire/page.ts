// SPDX-License-Identifier: Apache-2.0
import { SignetError } from '@signet/model';

/** Part of a list, newest first. */
export interface Page {
  readonly limit: number;
  /** Sequence of the last row of the page before. */
  readonly before: number | undefined;
}

const pageSizeDefault = 100;
const pageSizeMax = 1000;

/** Reads page_size and page_token. Throws REQUEST_INVALID. */
export function pageFromWire(request: { readonly pageSize: number; readonly pageToken: string }): Page {
  if (request.pageSize > pageSizeMax) {
    throw new SignetError('REQUEST_INVALID', `page_size must be at most ${pageSizeMax}`, { field: 'page_size' });
  }
  if (!/^\d{0,15}$/.test(request.pageToken)) {
    throw new SignetError('REQUEST_INVALID', 'page_token must come from the page before', { field: 'page_token' });
  }
  return {
    limit: request.pageSize === 0 ? pageSizeDefault : request.pageSize,
    before: request.pageToken === '' ? undefined : Number(request.pageToken),
  };
}

/** next_page_token after these rows; empty when they were the last. */
export function nextPageToken(rows: readonly { readonly sequence: number }[], page: Page): string {
  const last = rows.at(-1);
  return last === undefined || rows.length < page.limit ? '' : String(last.sequence);
}
