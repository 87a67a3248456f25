// SPDX-License-Identifier: Apache-2.0
import type { ServiceDefinition } from '@grpc/grpc-js';
import { SignetError } from '@signet/model';
import { buildMessage, numberOf, parseMessage, textOf } from '../protobuf-wire.ts';
import type { CallContext } from './call-context.ts';
import { serviceNameOf } from './reflection-service.ts';
import { untypedService, type ServiceRegistration } from './service-registration.ts';

// grpc.health.v1: HealthCheckRequest{service=1}, HealthCheckResponse{status=1}.
const serving = 1;
const notServing = 2;
const serviceUnknown = 3;

// Objects, as grpc-js takes a message that is falsy for none at all.
interface HealthRequest {
  readonly service: string;
}
interface HealthResponse {
  readonly status: number;
}

function method(name: string, responseStream: boolean): ServiceDefinition[string] {
  return {
    path: `/grpc.health.v1.Health/${name}`,
    requestStream: false,
    responseStream,
    requestSerialize: (request: HealthRequest) => buildMessage([[1, request.service]]),
    requestDeserialize: (bytes: Buffer): HealthRequest => ({ service: textOf(parseMessage(bytes), 1) }),
    responseSerialize: (response: HealthResponse) => buildMessage([[1, response.status]]),
    responseDeserialize: (bytes: Buffer): HealthResponse => ({ status: numberOf(parseMessage(bytes), 1) }),
  };
}

/** Standard health of a server. */
export interface HealthService {
  readonly registration: ServiceRegistration;
  setServing(isServing: boolean): void;
}

/** Creates grpc.health.v1.Health for a server with these services; not serving until told. */
export function createHealthService(services: readonly ServiceRegistration[]): HealthService {
  const names = new Set(['', ...services.map(({ definition }) => serviceNameOf(definition))]);
  let isServing = false;
  const listeners = new Set<() => void>();
  const stateOf = (name: string): number => {
    if (!names.has(name)) return serviceUnknown;
    return isServing ? serving : notServing;
  };

  function check(request: HealthRequest): Promise<HealthResponse> {
    const state = stateOf(request.service);
    if (state !== serviceUnknown) return Promise.resolve({ status: state });
    return Promise.reject(new SignetError('SERVICE_UNKNOWN', `no service «${request.service.slice(0, 100)}» here`));
  }

  async function* watch({ service: name }: HealthRequest, context: CallContext): AsyncGenerator<HealthResponse> {
    let sent: number | undefined;
    while (!context.signal.aborted) {
      const state = stateOf(name);
      if (state !== sent) yield { status: state };
      sent = state;
      await new Promise<void>((resolve) => {
        const done = (): void => {
          listeners.delete(done);
          resolve();
        };
        listeners.add(done);
        context.signal.addEventListener('abort', done, { once: true });
        if (context.signal.aborted || stateOf(name) !== sent) done();
      });
    }
  }

  const definition: ServiceDefinition = { Check: method('Check', false), Watch: method('Watch', true) };
  return {
    registration: untypedService(definition, { Check: check, Watch: watch }),
    setServing(value) {
      isServing = value;
      for (const listener of [...listeners]) listener();
    },
  };
}
