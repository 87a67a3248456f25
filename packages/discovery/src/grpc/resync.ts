// SPDX-License-Identifier: Apache-2.0
import type { ResyncRequest__Output, ResyncResponse } from '@signet/proto';
import type { CallContext } from '@signet/runtime';
import type { DiscoveryContext } from '../discovery-context.ts';

/** signet.discovery.v1.Inventory/Resync: reads the source again and publishes what it holds before it answers. */
export function resync({ source, loop }: DiscoveryContext) {
  return async (_: ResyncRequest__Output, { signal }: Pick<CallContext, 'signal'>): Promise<ResyncResponse> => {
    await source.resync(signal);
    const { revision, fileProblems } = loop.evaluate();
    return { revision, fileProblems: [...fileProblems] };
  };
}
