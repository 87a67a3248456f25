// SPDX-License-Identifier: Apache-2.0
import type { ServiceDefinition } from '@grpc/grpc-js';
import { SignetError } from '@signet/model';
import { buildMessage, parseMessage, textOf } from '../protobuf-wire.ts';
import type { CallContext } from './call-context.ts';
import { serviceNameOf } from './reflection-service.ts';
import { untypedService, type ServiceRegistration } from './service-registration.ts';

// grpc.health.v1: HealthCheckRequest{service=1}, HealthCheckResponse{status=1}.
const serving = 1;
const notServing = 2;
const serviceUnknown = 3;

function method(name: string, responseStream: boolean): ServiceDefinition[string] {
  return {
    path: `/grpc.health.v1.Health/${name}`,
    requestStream: false,
    responseStream,
    requestSerialize: (serviceName: string) => buildMessage([[1, serviceName]]),
    requestDeserialize: (bytes: Buffer) => textOf(parseMessage(bytes), 1),
    responseSerialize: (state: number) => buildMessage([[1, state]]),
    responseDeserialize: (bytes: Buffer) => Number(parseMessage(bytes)[0]?.value ?? 0),
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

  async function check(name: string): Promise<number> {
    const state = stateOf(name);
    if (state === serviceUnknown) throw new SignetError('SERVICE_UNKNOWN', `no service «${name.slice(0, 100)}» here`);
    return await Promise.resolve(state);
  }

  async function* watch(name: string, context: CallContext): AsyncGenerator<number> {
    let sent: number | undefined;
    while (!context.signal.aborted) {
      const state = stateOf(name);
      if (state !== sent) yield state;
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
