// SPDX-License-Identifier: Apache-2.0
import { status, type ServiceDefinition } from '@grpc/grpc-js';
import { buildMessage, bytesOf, parseMessage, type MessageField, type WireField } from '../protobuf-wire.ts';
import { buildDescriptorIndex, type DescriptorIndex } from './descriptor-index.ts';
import { buildPlatformDescriptorSet } from './platform-descriptors.ts';
import { untypedService, type ServiceRegistration } from './service-registration.ts';

// ServerReflectionRequest and …Response, the same numbers in v1 and v1alpha.
const request = { fileByName: 3, fileBySymbol: 4, fileByExtension: 5, extensionsOfType: 6, listServices: 7 } as const;
const response = { originalRequest: 2, files: 4, extensions: 5, services: 6, error: 7 } as const;
const versions = ['v1', 'v1alpha'];
const healthName = 'grpc.health.v1.Health';

/** Full name of a service, from the path of its first method. */
export function serviceNameOf(definition: ServiceDefinition): string {
  const [method] = Object.values(definition);
  return method?.path.split('/')[1] ?? '';
}

function errorField(code: status, message: string): MessageField {
  return [
    response.error,
    [
      [1, code],
      [2, message],
    ],
  ];
}

function filesField(files: readonly Buffer[] | undefined, wanted: string): MessageField {
  if (files === undefined) return errorField(status.NOT_FOUND, `${wanted.slice(0, 200)} is not known here`);
  return [response.files, files.map((file): MessageField => [1, file])];
}

function answerField(fields: readonly WireField[], index: DescriptorIndex, names: readonly string[]): MessageField {
  const asked = fields.findLast((candidate) => candidate.number >= request.fileByName && candidate.kind === 'bytes');
  const wanted = asked?.kind === 'bytes' ? asked.value.toString('utf8') : '';
  switch (asked?.number) {
    case request.fileByName:
      return filesField(index.byFileName(wanted), wanted);
    case request.fileBySymbol:
      return filesField(index.bySymbol(wanted), wanted);
    case request.listServices:
      return [response.services, names.map((name): MessageField => [1, [[1, name]]])];
    case request.extensionsOfType:
      // proto3 has no extensions of our types.
      return index.bySymbol(wanted) === undefined
        ? errorField(status.NOT_FOUND, 'type is not known here')
        : [response.extensions, [[1, wanted]]];
    case request.fileByExtension:
      return errorField(status.NOT_FOUND, 'no such extension');
    default:
      return errorField(status.INVALID_ARGUMENT, 'nothing was asked');
  }
}

const raw = (bytes: Buffer): Buffer => bytes;

/** Creates grpc.reflection v1 and v1alpha over real descriptors, listing exactly the services of one listener. */
export function createReflectionServices(
  descriptorSet: Buffer,
  services: readonly ServiceRegistration[],
): readonly ServiceRegistration[] {
  const index = buildDescriptorIndex([descriptorSet, buildPlatformDescriptorSet()]);
  const names = [
    ...services.map(({ definition }) => serviceNameOf(definition)),
    healthName,
    ...versions.map((version) => `grpc.reflection.${version}.ServerReflection`),
  ].sort();

  async function* answer(requests: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    for await (const bytes of requests) {
      let field: MessageField;
      try {
        field = answerField(parseMessage(bytes), index, names);
      } catch {
        field = errorField(status.INVALID_ARGUMENT, 'not a ServerReflectionRequest');
      }
      yield buildMessage([[response.originalRequest, bytes], field]);
    }
  }

  return versions.map((version) =>
    untypedService(
      {
        ServerReflectionInfo: {
          path: `/grpc.reflection.${version}.ServerReflection/ServerReflectionInfo`,
          requestStream: true,
          responseStream: true,
          requestSerialize: raw,
          requestDeserialize: raw,
          responseSerialize: raw,
          responseDeserialize: raw,
        },
      },
      { ServerReflectionInfo: answer },
    ),
  );
}

/** Service names in a ListServiceResponse, for tests and the CLI. */
export function readListedServices(bytes: Buffer): readonly string[] {
  const [list] = bytesOf(parseMessage(bytes), response.services);
  if (list === undefined) return [];
  return bytesOf(parseMessage(list), 1).map((entry) => bytesOf(parseMessage(entry), 1)[0]?.toString('utf8') ?? '');
}
