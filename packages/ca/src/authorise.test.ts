// SPDX-License-Identifier: Apache-2.0
import { expect, test } from '@jest/globals';
import { certificateAuthority, issuanceLedger, istioCertificateService } from '@signet/proto';
import { authorisedMethods } from './authorise.ts';

test('each RPC has a row, and each row an RPC', () => {
  const paths = [certificateAuthority, issuanceLedger, istioCertificateService].flatMap((definition) =>
    Object.values(definition).map((method) => (method as { path: string }).path),
  );
  expect(authorisedMethods.toSorted()).toEqual([...new Set(paths)].sort());
});
