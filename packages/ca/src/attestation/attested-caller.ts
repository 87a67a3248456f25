// SPDX-License-Identifier: Apache-2.0
import type { AttestedIdentity } from '@signet/model';
import type { AccountRole } from '../accounts.ts';

/** A caller whose identity the platform vouches for. */
export interface AttestedCaller {
  readonly identity: AttestedIdentity;
  readonly role: AccountRole;
  /** Names the credential, so that a repeated request is recognised. */
  readonly credentialId: string;
}
