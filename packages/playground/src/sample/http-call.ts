// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import { endOfError, endOfHttpAnswer, type CallEnd } from './call-result.ts';

/** Options of one HTTP call. */
export interface HttpCallOptions {
  readonly method: string;
  readonly timeoutMs: number;
  /** PEM file with the roots that verify the server of an https URL. */
  readonly caFile?: string;
  /** Connections to reuse; a new connection for each call when absent. */
  readonly agent?: http.Agent;
}

/** Makes one HTTP or HTTPS request and reads the answer whole. */
export function callHttp(url: URL, options: HttpCallOptions): Promise<CallEnd> {
  return new Promise((resolve) => {
    const fail = (error: Error): void => resolve(endOfError(error));
    const requestOptions = { method: options.method, timeout: options.timeoutMs, agent: options.agent ?? false };
    const onAnswer = (answer: http.IncomingMessage): void => {
      let body = '';
      answer.setEncoding('utf8').on('data', (text: string) => (body += text));
      answer.once('end', () => resolve(endOfHttpAnswer(answer.statusCode ?? 0, body))).once('error', fail);
    };
    const request =
      url.protocol === 'https:'
        ? https.request(
            url,
            { ...requestOptions, ...(options.caFile === undefined ? {} : { ca: readFileSync(options.caFile) }) },
            onAnswer,
          )
        : http.request(url, requestOptions, onAnswer);
    request.once('timeout', () => request.destroy(new Error(`no answer within ${options.timeoutMs} ms`)));
    request.once('error', fail);
    request.end();
  });
}
