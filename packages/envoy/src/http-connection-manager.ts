// SPDX-License-Identifier: Apache-2.0
import { envoy } from '@signet/proto';
import { pack } from './encode.ts';

const hcm = envoy.extensions.filters.network.http_connection_manager.v3;
const { CodecType, ServerHeaderTransformation } = hcm.HttpConnectionManager;

type HttpConnectionManager =
  envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager.$Properties;
type HttpFilter = envoy.extensions.filters.network.http_connection_manager.v3.HttpFilter.$Properties;

/** Forwards requests; adds and believes no x-envoy header. */
export const routerFilter: HttpFilter = {
  name: 'envoy.filters.http.router',
  typedConfig: pack('envoy.extensions.filters.http.router.v3.Router', envoy.extensions.filters.http.router.v3.Router, {
    suppressEnvoyHeaders: true,
  }),
};

/** What both directions have in common: applications see their peer's headers, and nothing ends a stream but its ends. */
export const transparentHttp: HttpConnectionManager = {
  codecType: CodecType.AUTO,
  serverHeaderTransformation: ServerHeaderTransformation.PASS_THROUGH,
  httpProtocolOptions: { acceptHttp_10: true },
  http2ProtocolOptions: { allowConnect: true },
  streamIdleTimeout: {},
  useRemoteAddress: { value: false },
  skipXffAppend: true,
  upgradeConfigs: [{ upgradeType: 'websocket' }],
};

/** The network filter that holds an HTTP connection manager. */
export function httpConnectionManager(config: HttpConnectionManager): envoy.config.listener.v3.Filter.$Properties {
  return {
    name: 'envoy.filters.network.http_connection_manager',
    typedConfig: pack(
      'envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager',
      hcm.HttpConnectionManager,
      config,
    ),
  };
}
