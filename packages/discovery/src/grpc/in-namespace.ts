// SPDX-License-Identifier: Apache-2.0
import { SignetError } from '@signet/model';

const namespacePattern = /^([a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?)?$/;

/** Picks what a ListRequest asks for: one namespace, or all when it names none. Sorted by the given text. */
export function inNamespace<T extends { readonly namespace: string }>(
  all: Iterable<T>,
  namespace: string,
  sortBy: (one: T) => string,
): T[] {
  if (!namespacePattern.test(namespace)) {
    throw new SignetError('REQUEST_INVALID', `namespace «${namespace}» is not the name of a namespace`, {
      field: 'namespace',
    });
  }
  return [...all]
    .filter((one) => namespace === '' || one.namespace === namespace)
    .map((one) => [sortBy(one), one] as const)
    .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
    .map(([, one]) => one);
}
