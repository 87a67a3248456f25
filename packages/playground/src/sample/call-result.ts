// SPDX-License-Identifier: Apache-2.0

/**
 * How one call ended. `refused`: the other side was reached and turned the call away (403, PERMISSION_DENIED, a reset
 * or a close before the first byte, a TLS alert). `error`: anything else, such as a name that does not resolve.
 */
export type CallOutcome = 'ok' | 'refused' | 'error';

/** What one call brought. */
export interface CallResult {
  readonly target: string;
  readonly outcome: CallOutcome;
  /** HTTP or gRPC status; undefined when none came. */
  readonly status: number | undefined;
  /** Pod that answered, as it says of itself. */
  readonly pod: string | undefined;
  /** Answer or reason, shortened. */
  readonly message: string;
  /** Bytes of the application that came back. */
  readonly bytes: number;
  readonly latencyMs: number;
}

/** What a protocol's caller reports; the rest is filled in by `call`. */
export type CallEnd = Omit<CallResult, 'target' | 'latencyMs'>;

const maxMessageLength = 300;
const refusals = new Set(['ECONNRESET', 'EPIPE', 'EPROTO', 'ERR_HTTP2_SESSION_ERROR', 'ERR_HTTP2_STREAM_ERROR']);
// What Envoy's own 503 says when the other side ended the connection or the handshake.
const upstreamRefusal = /reset reason: (connection termination|remote connection failure|remote reset)/;

/** Shortens an answer for people. */
export function shorten(text: string): string {
  return text.length > maxMessageLength ? `${text.slice(0, maxMessageLength)}…` : text;
}

/** Judges an error of the socket, TLS or HTTP/2 layer. */
export function endOfError(error: Error): CallEnd {
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  const isAlert = code.startsWith('ERR_SSL_') || code.startsWith('ERR_TLS_');
  const isRefusal = refusals.has(code) || isAlert || /socket hang up|disconnected before secure/.test(error.message);
  return {
    outcome: isRefusal ? 'refused' : 'error',
    status: undefined,
    pod: undefined,
    message: shorten(code === '' || error.message.includes(code) ? error.message : `${code}: ${error.message}`),
    bytes: 0,
  };
}

/** Judges an HTTP answer. */
export function endOfHttpAnswer(status: number, body: string): CallEnd {
  const isRefusal = status === 403 || (status === 503 && upstreamRefusal.test(body));
  return {
    outcome: status >= 200 && status < 400 ? 'ok' : isRefusal ? 'refused' : 'error',
    status,
    pod: podOf(body),
    message: shorten(body),
    bytes: body.length,
  };
}

function podOf(body: string): string | undefined {
  return /"pod":"([^"]*)"/.exec(body)?.[1];
}
