// SPDX-License-Identifier: Apache-2.0
import https from 'node:https';
import http from 'node:http';
import { loadKubeConfig } from '@signet/kube';

const timeoutMs = 15_000;

/** Answer of the API server. */
export interface ApiAnswer {
  readonly status: number;
  readonly body: unknown;
}

/** The kubelet's writes; `@signet/kube` has the reads. */
export interface ApiWriter {
  post(path: string, body: unknown): Promise<ApiAnswer>;
  /** JSON merge patch. */
  patch(path: string, body: unknown): Promise<ApiAnswer>;
  delete(path: string, body: unknown): Promise<ApiAnswer>;
}

/** Makes a writer for a kubeconfig; answers of any status are returned, only a lost connection throws. */
export function createApiWriter(kubeconfig: string): ApiWriter {
  const config = loadKubeConfig(kubeconfig);
  const server = config.getCurrentCluster()?.server.replace(/\/+$/, '') ?? '';
  const send = async (request: { method: string; path: string; type: string; body: unknown }): Promise<ApiAnswer> => {
    const options: https.RequestOptions = {
      method: request.method,
      timeout: timeoutMs,
      headers: { accept: 'application/json', 'content-type': request.type },
    };
    await config.applyToHTTPSOptions(options);
    const client = server.startsWith('http:') ? http : https;
    return new Promise((resolve, reject) => {
      const call = client.request(new URL(`${server}${request.path}`), options, (answer) => {
        let text = '';
        answer.setEncoding('utf8').on('data', (part: string) => (text += part));
        answer
          .once('error', reject)
          .once('end', () => resolve({ status: answer.statusCode ?? 0, body: parseJson(text) }));
      });
      call.once('error', reject).once('timeout', () => call.destroy(new Error('no answer in time')));
      call.end(JSON.stringify(request.body));
    });
  };
  return {
    post: (path, body) => send({ method: 'POST', path, type: 'application/json', body }),
    patch: (path, body) => send({ method: 'PATCH', path, type: 'application/merge-patch+json', body }),
    delete: (path, body) => send({ method: 'DELETE', path, type: 'application/json', body }),
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** Throws unless the answer is good or has one of the accepted statuses. */
export function expectStatus(answer: ApiAnswer, what: string, accepted: readonly number[] = []): void {
  if ((answer.status >= 200 && answer.status < 300) || accepted.includes(answer.status)) return;
  const message =
    typeof answer.body === 'object' && answer.body !== null && 'message' in answer.body
      ? String(answer.body.message)
      : '';
  throw new Error(`${what}: the Kubernetes API answered ${answer.status} ${message}`);
}
