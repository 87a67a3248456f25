// SPDX-License-Identifier: Apache-2.0
import http from 'node:http';
import https from 'node:https';
import { KubeConfig } from '@kubernetes/client-node';
import { SignetError } from '@signet/model';

// An object in etcd is at most 1.5 MiB; in JSON it can grow a few times.
const lineLengthMax = 16 * 1024 * 1024;
const bodyLengthMax = 256 * 1024 * 1024;
const defaultTimeoutMs = 15_000;
// The API server offers its public keys under a type of their own only.
const accept = 'application/json, application/jwk-set+json';

/** Query parameters; undefined ones are left out. */
export type Query = Readonly<Record<string, string | number | boolean | undefined>>;

/** Answer of the API server. */
export interface KubeResponse {
  readonly status: number;
  /** Parsed JSON. */
  readonly body: unknown;
}

/** Options of one request. */
export interface RequestControl {
  readonly query?: Query;
  readonly signal?: AbortSignal;
  /** Time for the whole answer; for a watch, time until its header. Default 15 s. */
  readonly timeoutMs?: number;
  /** Called when the server has accepted to stream. */
  readonly onOpen?: () => void;
}

/** A lean client of the Kubernetes API. Failures to reach it are SignetError KUBERNETES_DOWN. */
export interface KubeClient {
  get(path: string, control?: RequestControl): Promise<KubeResponse>;
  post(path: string, body: unknown, control?: RequestControl): Promise<KubeResponse>;
  /** Follows a stream of JSON lines; ends when the server ends it, throws when it breaks off. */
  stream(path: string, control: RequestControl): AsyncGenerator<unknown, void, undefined>;
  close(): void;
}

/** Loads a kubeconfig file, or the service account of the pod. Throws when there is none. */
export function loadKubeConfig(file: string | undefined): KubeConfig {
  const config = new KubeConfig();
  if (file === undefined) config.loadFromCluster();
  else config.loadFromFile(file);
  if (config.getCurrentCluster() === null) throw new Error('the kubeconfig names no cluster');
  return config;
}

/** KUBERNETES_DOWN with the cause. */
export function kubernetesDown(detail: string, cause?: unknown): SignetError {
  return new SignetError('KUBERNETES_DOWN', `the Kubernetes API cannot be used: ${detail}`, { cause });
}

function describeBody(body: unknown): string {
  const message = typeof body === 'object' && body !== null && 'message' in body ? body.message : undefined;
  return typeof message === 'string' ? message : 'no message';
}

/** The answer's body when its status is good, else KUBERNETES_DOWN with what the server said. */
export function expectOk(path: string, response: KubeResponse): unknown {
  if (response.status >= 200 && response.status < 300) return response.body;
  throw kubernetesDown(`${path} answered ${response.status}: ${describeBody(response.body)}`);
}

interface Request {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly body?: string;
}

class HttpKubeClient implements KubeClient {
  readonly #config: KubeConfig;
  readonly #agent: http.Agent;
  readonly #isPlain: boolean;

  constructor(config: KubeConfig) {
    this.#config = config;
    this.#isPlain = config.getCurrentCluster()?.server.startsWith('http:') === true;
    const options = { keepAlive: true, keepAliveMsecs: 15_000, maxFreeSockets: 4 };
    this.#agent = this.#isPlain ? new http.Agent(options) : new https.Agent(options);
  }

  async #open({ method, path, body }: Request, control: RequestControl): Promise<http.IncomingMessage> {
    const cluster = this.#config.getCurrentCluster();
    const url = new URL(`${cluster?.server.replace(/\/+$/, '')}${path}`);
    for (const [key, value] of Object.entries(control.query ?? {})) {
      if (value !== undefined) url.searchParams.set(key, String(value));
    }
    const options: https.RequestOptions = {
      method,
      headers: { accept, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
    };
    // Certificates and tokens are read again at each request: both get renewed on disk.
    await this.#config.applyToHTTPSOptions(options);
    if (cluster?.proxyUrl === undefined) options.agent = this.#agent;
    if (control.signal !== undefined) options.signal = control.signal;
    return new Promise((resolve, reject) => {
      const request = (this.#isPlain ? http : https).request(url, options, resolve);
      request.on('error', reject);
      request.setTimeout(control.timeoutMs ?? defaultTimeoutMs, () => request.destroy(new Error('no answer in time')));
      request.end(body);
    });
  }

  async #send(request: Request, control: RequestControl): Promise<KubeResponse> {
    const limit = AbortSignal.timeout(control.timeoutMs ?? defaultTimeoutMs);
    const signal = control.signal === undefined ? limit : AbortSignal.any([control.signal, limit]);
    try {
      const response = await this.#open(request, { ...control, signal });
      return { status: response.statusCode ?? 0, body: await readJson(response) };
    } catch (error) {
      control.signal?.throwIfAborted();
      throw kubernetesDown(`${request.method} ${request.path}: ${messageOf(error)}`, error);
    }
  }

  get(path: string, control: RequestControl = {}): Promise<KubeResponse> {
    return this.#send({ method: 'GET', path }, control);
  }

  post(path: string, body: unknown, control: RequestControl = {}): Promise<KubeResponse> {
    return this.#send({ method: 'POST', path, body: JSON.stringify(body) }, control);
  }

  async *stream(path: string, control: RequestControl): AsyncGenerator<unknown, void, undefined> {
    const response = await this.#open({ method: 'GET', path }, control).catch((error: unknown) => {
      throw kubernetesDown(`GET ${path}: ${messageOf(error)}`, error);
    });
    response.socket.setTimeout(0);
    if (response.statusCode !== 200) {
      const body = await readJson(response);
      // As an event of the stream, so that 410 looks the same here and there.
      yield { type: 'ERROR', object: { code: response.statusCode, message: describeBody(body) } };
      return;
    }
    control.onOpen?.();
    try {
      yield* readLines(response);
    } finally {
      response.destroy();
    }
  }

  close(): void {
    this.#agent.destroy();
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message || error.name : String(error);
}

async function readJson(response: http.IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > bodyLengthMax) throw new Error('the answer is too long');
    chunks.push(chunk);
  }
  const text = Buffer.concat(chunks).toString('utf8');
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return { message: text.slice(0, 200) };
  }
}

async function* readLines(response: http.IncomingMessage): AsyncGenerator<unknown, void, undefined> {
  response.setEncoding('utf8');
  let pending = '';
  for await (const chunk of response as AsyncIterable<string>) {
    pending += chunk;
    let start = 0;
    for (let end = pending.indexOf('\n'); end >= 0; end = pending.indexOf('\n', start)) {
      const line = pending.slice(start, end);
      start = end + 1;
      if (line !== '') yield JSON.parse(line) as unknown;
    }
    pending = pending.slice(start);
    if (pending.length > lineLengthMax) throw new Error('a line of the watch is too long');
  }
}

/** Creates a client from a kubeconfig, with client-node's ways to authenticate. */
export function createKubeClient(config: KubeConfig): KubeClient {
  return new HttpKubeClient(config);
}
