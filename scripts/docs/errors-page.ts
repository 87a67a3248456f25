// SPDX-License-Identifier: Apache-2.0
import { reasons, type ErrorKind, type ReasonEntry } from '@signet/model';
import { grpcCodeNameOf, httpStatusOf } from '@signet/runtime';
import { buildPage, formatMarkdownTable, type Page } from './markdown.ts';

const retries: Readonly<Record<ErrorKind, string>> = {
  invalid: 'no',
  unauthenticated: 'after a new credential',
  forbidden: 'no',
  not_found: 'no',
  already_exists: 'no',
  conflict: 'yes, after reading again',
  precondition: 'no',
  exhausted: 'yes, after the delay given',
  unavailable: 'yes',
  timeout: 'if the call is idempotent',
  internal: 'no',
};

/** docs/errors.md. */
export function buildErrorsPage(): Page {
  const kinds = (Object.entries(retries) as [ErrorKind, string][]).map(([kind, retry]) => [
    `\`${kind}\``,
    grpcCodeNameOf(kind),
    String(httpStatusOf(kind)),
    retry,
  ]);
  const entries = (Object.entries(reasons) as [string, ReasonEntry][]).map(([reason, entry]) => [
    `\`${reason}\``,
    `\`${entry.kind}\``,
    entry.meaning,
    entry.remedy,
  ]);
  return buildPage({
    file: 'errors.md',
    title: 'Errors',
    source: 'packages/model/src/reasons.ts',
    parts: [
      'Every refusal carries a permanent reason code. Over gRPC it stands in `google.rpc.ErrorInfo` (domain `signet.dev`) of the rich status, with the field in `BadRequest` and the delay in `RetryInfo`; over REST in `error.reason`.',
      '## Kinds',
      formatMarkdownTable(['Kind', 'gRPC', 'HTTP', 'Retry'], kinds),
      '## Reasons',
      formatMarkdownTable(['Reason', 'Kind', 'What happened', 'What to do'], entries),
    ],
  });
}
