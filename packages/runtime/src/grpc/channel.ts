// SPDX-License-Identifier: Apache-2.0
import type { Socket } from 'node:net';
import { connect, createSecureContext, type PeerCertificate, type SecureContext, type TLSSocket } from 'node:tls';
import { CallCredentials, ChannelCredentials, Client, connectivityState } from '@grpc/grpc-js';
import { parseCertificateNames } from '../certificate-names.ts';
import type { TlsMaterial } from '../tls-material.ts';
import { handshakeTimeoutMs, protocolOptions } from './tls-settings.ts';

export interface ChannelOptions {
  /** `host:port`. */
  readonly address: string;
  /** Client certificate, asked at each connect. */
  readonly material?: () => TlsMaterial | undefined;
  /** Roots to judge the server by, asked at each connect. */
  readonly rootsPem: () => string | undefined;
  /** SPIFFE URIs; the server must present one of them. */
  readonly expectedServerIds: readonly string[];
  /** Bearer token, asked at each call. */
  readonly token?: () => Promise<string> | string;
}

/** A connection to one server, made when first used and again whenever it is lost. */
export interface Channel {
  readonly address: string;
  readonly client: Client;
  readonly token: (() => Promise<string> | string) | undefined;
  /** True when the connection stands. */
  isConnected(): boolean;
  close(): void;
}

type SecureConnector = ReturnType<ChannelCredentials['_createSecureConnector']>;

function checkIdentity(certificate: PeerCertificate, expected: readonly string[]): Error | undefined {
  try {
    const { spiffeId } = parseCertificateNames(certificate.raw);
    if (spiffeId !== undefined && expected.includes(spiffeId)) return undefined;
    return new Error(`the server is ${spiffeId ?? 'nobody in particular'}, expected ${expected.join(' or ')}`);
  } catch {
    return new Error('the certificate of the server cannot be read');
  }
}

/**
 * grpc-js fixes key and roots when a channel is made; here both are asked at each connect, so that a rotated
 * certificate or a new root is used from the next connection on.
 */
class MeshCredentials extends ChannelCredentials {
  readonly #o: ChannelOptions;
  #cached: { readonly key: string; readonly context: SecureContext } | undefined;

  constructor(o: ChannelOptions) {
    super();
    this.#o = o;
  }

  override _isSecure(): boolean {
    return true;
  }

  override _equals(other: ChannelCredentials): boolean {
    return other === this;
  }

  override _createSecureConnector(
    _target: unknown,
    _options: unknown,
    callCredentials?: CallCredentials,
  ): SecureConnector {
    const credentials = callCredentials ?? CallCredentials.createEmpty();
    return {
      connect: async (socket) => ({ socket: await this.#connect(socket), secure: true }),
      waitForReady: () => Promise.resolve(),
      getCallCredentials: () => credentials,
      destroy: () => {},
    };
  }

  #context(): SecureContext {
    const roots = this.#o.rootsPem();
    if (roots === undefined) throw new Error('no roots to judge the server by yet');
    const material = this.#o.material?.();
    if (this.#o.material !== undefined && material === undefined) throw new Error('no client certificate yet');
    const key = `${material?.certificateChainPem ?? ''}\n${roots}`;
    if (this.#cached?.key !== key) {
      const pair = material === undefined ? {} : { key: material.keyPem, cert: material.certificateChainPem };
      this.#cached = { key, context: createSecureContext({ ...protocolOptions, ca: roots, ...pair }) };
    }
    return this.#cached.context;
  }

  #connect(socket: Socket): Promise<TLSSocket> {
    return new Promise((resolve, reject) => {
      const tlsSocket = connect({
        socket,
        secureContext: this.#context(),
        ALPNProtocols: ['h2'],
        // Servers are told apart by SPIFFE URI, not by host name.
        servername: '',
        checkServerIdentity: (_host, certificate) => checkIdentity(certificate, this.#o.expectedServerIds),
      });
      const timer = setTimeout(() => tlsSocket.destroy(new Error('the handshake takes too long')), handshakeTimeoutMs);
      tlsSocket.once('close', () => {
        clearTimeout(timer);
        reject(new Error('connection closed during the handshake'));
      });
      tlsSocket.on('error', reject);
      tlsSocket.once('secureConnect', () => {
        clearTimeout(timer);
        if (tlsSocket.authorized && tlsSocket.alpnProtocol === 'h2') return resolve(tlsSocket);
        tlsSocket.destroy();
        reject(new Error(`server refused: ${String(tlsSocket.authorizationError ?? 'it does not speak HTTP/2')}`));
      });
    });
  }
}

/** Creates a channel; connects at the first call. */
export function createChannel(o: ChannelOptions): Channel {
  const client = new Client(o.address, new MeshCredentials(o), {
    'grpc.use_local_subchannel_pool': 1,
    // A proxy from the environment has no place between parts of the mesh.
    'grpc.enable_http_proxy': 0,
    'grpc.enable_retries': 0,
    'grpc.service_config_disable_resolution': 1,
    'grpc.initial_reconnect_backoff_ms': 200,
    'grpc.max_reconnect_backoff_ms': 3000,
    'grpc.keepalive_time_ms': 30_000,
    'grpc.keepalive_timeout_ms': 10_000,
    'grpc.max_receive_message_length': 64 * 1024 * 1024,
    'grpc.enable_channelz': 0,
  });
  return {
    address: o.address,
    client,
    token: o.token,
    isConnected: () => client.getChannel().getConnectivityState(false) === connectivityState.READY,
    close: () => client.close(),
  };
}
