// SPDX-License-Identifier: Apache-2.0
import { envoy } from '@signet/proto';
import { isIpv6Address } from '@signet/policy';
import type { MeshParameters } from './mesh-parameters.ts';

const { SocketState } = envoy.config.core.v3.SocketOption;

// Linux: SOL_SOCKET and SO_MARK.
const socketLevel = 1;
const markOption = 36;

/** How upstream sockets are bound; undefined for the kernel's choice. */
export function bindConfig(
  mesh: MeshParameters,
  sourceAddress?: string,
): envoy.config.core.v3.BindConfig.$Properties | undefined {
  if (mesh.proxyMark === undefined && sourceAddress === undefined) return undefined;
  return {
    ...(sourceAddress === undefined ? {} : { sourceAddress: { address: sourceAddress, portValue: 0 } }),
    ...(mesh.proxyMark === undefined
      ? {}
      : {
          socketOptions: [
            {
              description: 'mark of the proxy',
              level: socketLevel,
              name: markOption,
              intValue: mesh.proxyMark,
              state: SocketState.STATE_PREBIND,
            },
          ],
        }),
  };
}

/** Address of a listener or an endpoint. */
export function socketAddress(address: string, portValue: number): envoy.config.core.v3.Address.$Properties {
  return { socketAddress: { address, portValue } };
}

/** A single address as a range. */
export function hostRange(address: string): envoy.config.core.v3.CidrRange.$Properties {
  return { addressPrefix: address, prefixLen: { value: isIpv6Address(address) ? 128 : 32 } };
}
