// SPDX-License-Identifier: Apache-2.0
import type { IssuanceLedger, RefusalLog } from '@signet/store';
import type { Clock } from '@signet/runtime';
import type { Authority } from './authority/create-authority.ts';
import type { IssueCertificate } from './issue-certificate.ts';
import type { RefusalRecorder } from './refusal-recorder.ts';

/** What the RPCs work with. */
export interface CaContext {
  readonly trustDomain: string;
  readonly authority: Authority;
  readonly issueCertificate: IssueCertificate;
  readonly ledger: IssuanceLedger;
  readonly refusalLog: RefusalLog;
  readonly refusals: RefusalRecorder;
  readonly clock: Clock;
}
