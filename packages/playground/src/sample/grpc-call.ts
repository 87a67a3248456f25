// SPDX-License-Identifier: Apache-2.0
import http2 from 'node:http2';
import { endOfError, shorten, type CallEnd } from './call-result.ts';
import { decodeFramedText, encodeText, frameMessage } from './grpc-message.ts';

const permissionDenied = 7;
const defaultPath = '/signet.sample.v1.Echo/Say';

/** Makes one unary gRPC call without TLS; the URL's path is `/package.Service/Method`. */
export function callGrpc(url: URL, options: { readonly timeoutMs: number }): Promise<CallEnd> {
  return new Promise((resolve) => {
    const session = http2.connect(`http://${url.host}`);
    const end = (result: CallEnd): void => {
      session.destroy();
      resolve(result);
    };
    const timer = setTimeout(
      () => end(endOfError(new Error(`no answer within ${options.timeoutMs} ms`))),
      options.timeoutMs,
    );
    session.once('close', () => clearTimeout(timer));
    session.once('error', (error: Error) => end(endOfError(error)));
    const path = url.pathname.length > 1 ? url.pathname : defaultPath;
    const stream = session.request({
      ':method': 'POST',
      ':path': path,
      'content-type': 'application/grpc',
      te: 'trailers',
    });
    const chunks: Buffer[] = [];
    let status: number | undefined;
    let message = '';
    const readStatus = (headers: http2.IncomingHttpHeaders & http2.IncomingHttpStatusHeader): void => {
      const text = headers['grpc-status'];
      if (text !== undefined) status = Number(text);
      else if (headers[':status'] === 403) status = permissionDenied;
      message = String(headers['grpc-message'] ?? message);
    };
    stream.on('response', readStatus).on('trailers', readStatus);
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.once('error', (error: Error) => end(endOfError(error)));
    stream.once('close', () => end(endOfAnswer(status, message, Buffer.concat(chunks))));
    stream.end(frameMessage(encodeText('hello')));
  });
}

function endOfAnswer(status: number | undefined, message: string, data: Buffer): CallEnd {
  const text = decodeFramedText(data);
  if (status === undefined)
    return endOfError(Object.assign(new Error('the stream ended without a status'), { code: 'ECONNRESET' }));
  // Envoy's answer for a connection that the other side ended is UNAVAILABLE with the reason in the message.
  const isReset = status === 14 && /reset reason: (connection termination|remote)/.test(decodeURIComponent(message));
  return {
    outcome: status === 0 ? 'ok' : status === permissionDenied || isReset ? 'refused' : 'error',
    status,
    pod: /"pod":"([^"]*)"/.exec(text)?.[1],
    message: shorten(text === '' ? decodeURIComponent(message) : text),
    bytes: data.length,
  };
}
