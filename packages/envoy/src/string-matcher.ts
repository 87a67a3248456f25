// SPDX-License-Identifier: Apache-2.0
import type { StringMatch } from '@signet/policy';
import type { envoy } from '@signet/proto';

/** Envoy's form of a comparison; `present` asks for at least one character. */
export function stringMatcher(match: StringMatch): envoy.type.matcher.v3.StringMatcher.$Properties {
  switch (match.kind) {
    case 'exact':
      return { exact: match.value };
    case 'prefix':
      return { prefix: match.value };
    case 'suffix':
      return { suffix: match.value };
    case 'regex':
      return { safeRegex: { regex: match.value } };
    case 'present':
      return { safeRegex: { regex: '(?s:.+)' } };
  }
}
