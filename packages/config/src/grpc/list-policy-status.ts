// SPDX-License-Identifier: Apache-2.0
import { SignetError, type PolicyStatus } from '@signet/model';
import type { ListPolicyStatusResponse } from '@signet/proto';

/** ProxyStatus.ListPolicyStatus. */
export function createListPolicyStatus(pipeline: { statuses(): readonly PolicyStatus[]; isReady(): boolean }) {
  return async (): Promise<ListPolicyStatusResponse> => {
    if (!pipeline.isReady()) throw new SignetError('INVENTORY_NOT_SYNCED', 'no inventory has been compiled yet');
    return {
      policies: pipeline.statuses().map(({ isAccepted, messages, workloads, ...names }) => ({
        ...names,
        accepted: isAccepted,
        messages: [...messages],
        workloads: [...workloads],
      })),
    };
  };
}
