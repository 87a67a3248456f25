// SPDX-License-Identifier: Apache-2.0
import { SignetError, type AttestedIdentity } from '@signet/model';
import { isDnsName } from '@signet/pki';
import type { AccountRole } from './accounts.ts';
import type { PodDirectory } from './inventory/pod-directory.ts';

/** DNS names of a serving certificate. */
export interface ServingNames {
  /** Throws SERVING_NAMES_MISSING when there are none, INVENTORY_NOT_SYNCED while that is not known. */
  namesFor(identity: AttestedIdentity, role: AccountRole): readonly string[];
}

/** Services in front of the control plane (design §2); fixed, as nothing in the inventory vouches for them. */
const controlPlaneServices = ['signet-ca', 'signet-discovery', 'signet-config', 'signet-injector'];
/** No certificate carries more than 100 names. */
const servicesMax = 20;

/** All names under which cluster DNS knows a Service. */
export function namesOfService(name: string, namespace: string, clusterDomain: string): readonly string[] {
  return [name, `${name}.${namespace}`, `${name}.${namespace}.svc`, `${name}.${namespace}.svc.${clusterDomain}`];
}

/** Derives names from the Services that select the attested pod; a caller's wishes have no part in it. */
export function createServingNames(directory: PodDirectory, clusterDomain: string): ServingNames {
  function ofPod(identity: AttestedIdentity): readonly string[] {
    if (!directory.isSynced) {
      throw new SignetError('INVENTORY_NOT_SYNCED', 'the Services of the cluster are not known yet', {
        retryAfterMs: 500,
      });
    }
    const found = directory.find(identity.podUid);
    if (found.kind !== 'present') return [];
    const { pod } = found;
    return directory
      .servicesOf(pod)
      .toSorted((a, b) => (a.name < b.name ? -1 : 1))
      .slice(0, servicesMax)
      .flatMap(({ name, namespace, isHeadless }) => {
        const names = namesOfService(name, namespace, clusterDomain);
        // A StatefulSet's pods have names of their own under a headless Service.
        return isHeadless && pod.hasStableName ? [...names, ...names.map((known) => `${pod.name}.${known}`)] : names;
      });
  }

  return {
    namesFor(identity, role) {
      const names =
        role === 'control-plane'
          ? [
              ...controlPlaneServices.flatMap((name) => namesOfService(name, identity.namespace, clusterDomain)),
              'localhost',
            ]
          : ofPod(identity);
      const usable = [...new Set(names)].filter(isDnsName);
      if (usable.length === 0) {
        throw new SignetError(
          'SERVING_NAMES_MISSING',
          'no Service selects the pod, so there are no names for a serving certificate',
        );
      }
      return usable;
    },
  };
}
