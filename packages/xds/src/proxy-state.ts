// SPDX-License-Identifier: Apache-2.0
import { resourceTypes } from './resource-types.ts';
import type { Rejection, Session } from './session.ts';
import { isSubscribed, isWithheld, wantedOf } from './type-session.ts';

/** Acknowledgement state of one type on one stream. */
export interface ProxyTypeState {
  readonly typeUrl: string;
  /** Wanted and asked for. */
  readonly desired: number;
  /** Of these, acknowledged in their present form. */
  readonly acknowledged: number;
  /** Rejected in their present form, sorted by name. */
  readonly rejections: readonly (Rejection & { readonly name: string })[];
  readonly pushes: number;
}

/** One row for each type that the proxy subscribed to, in sending order. */
export function proxyTypeStates(session: Session): readonly ProxyTypeState[] {
  const rows: ProxyTypeState[] = [];
  for (const { typeUrl } of resourceTypes) {
    const state = session.types.get(typeUrl);
    if (state === undefined) continue;
    let desired = 0;
    let acknowledged = 0;
    const rejections: (Rejection & { readonly name: string })[] = [];
    for (const resource of wantedOf(session, typeUrl).values()) {
      if (!isSubscribed(state, resource.name)) continue;
      desired += 1;
      const held = state.held.get(resource.name);
      if (held !== undefined && held.isCertain && held.hash === resource.hash) acknowledged += 1;
      const rejection = state.rejections.get(resource.name);
      if (rejection !== undefined && isWithheld(state, resource))
        rejections.push({ ...rejection, name: resource.name });
    }
    rejections.sort((left, right) => (left.name < right.name ? -1 : 1));
    rows.push({ typeUrl, desired, acknowledged, rejections, pushes: state.pushes });
  }
  return rows;
}

/** Whether anything of what the proxy should hold now was rejected. */
export function hasRejections(session: Session): boolean {
  return proxyTypeStates(session).some(({ rejections }) => rejections.length > 0);
}
