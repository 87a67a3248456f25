// SPDX-License-Identifier: Apache-2.0
import { buildMessage, type MessageField } from '../protobuf-wire.ts';

// descriptor.proto: FieldDescriptorProto type and label numbers.
const types = { int32: 5, string: 9, bytes: 12, message: 11, enum: 14 } as const;

interface Field {
  readonly name: string;
  readonly number: number;
  readonly type: keyof typeof types;
  readonly typeName?: string;
  readonly isRepeated?: boolean;
  readonly isInOneof?: boolean;
}

function field(f: Field): MessageField {
  return [
    2,
    [
      [1, f.name],
      [3, f.number],
      [4, f.isRepeated === true ? 3 : 1],
      [5, types[f.type]],
      ...(f.typeName === undefined ? [] : [[6, f.typeName] as const]),
      ...(f.isInOneof === true ? [[9, 0] as const] : []),
    ],
  ];
}

function message(
  name: string,
  fields: readonly Field[],
  o: { readonly oneof?: string; readonly extra?: readonly MessageField[] } = {},
): MessageField {
  const oneof: readonly MessageField[] = o.oneof === undefined ? [] : [[8, [[1, o.oneof]]]];
  return [4, [[1, name], ...fields.map(field), ...(o.extra ?? []), ...oneof]];
}

function rpc(
  name: string,
  o: {
    readonly input: string;
    readonly output: string;
    readonly clientStreams?: boolean;
    readonly serverStreams?: boolean;
  },
): MessageField {
  return [
    2,
    [
      [1, name],
      [2, o.input],
      [3, o.output],
      ...(o.clientStreams === true ? [[5, 1] as const] : []),
      ...(o.serverStreams === true ? [[6, 1] as const] : []),
    ],
  ];
}

function healthFile(): MessageField {
  const prefix = '.grpc.health.v1.';
  const states = ['UNKNOWN', 'SERVING', 'NOT_SERVING', 'SERVICE_UNKNOWN'];
  const servingStatus: MessageField = [
    4,
    [
      [1, 'ServingStatus'],
      ...states.map((name, number): MessageField => [
        2,
        [
          [1, name],
          [2, number],
        ],
      ]),
    ],
  ];
  const io = { input: `${prefix}HealthCheckRequest`, output: `${prefix}HealthCheckResponse` };
  return [
    1,
    [
      [1, 'grpc/health/v1/health.proto'],
      [2, 'grpc.health.v1'],
      message('HealthCheckRequest', [{ name: 'service', number: 1, type: 'string' }]),
      message(
        'HealthCheckResponse',
        [{ name: 'status', number: 1, type: 'enum', typeName: `${prefix}HealthCheckResponse.ServingStatus` }],
        { extra: [servingStatus] },
      ),
      [6, [[1, 'Health'], rpc('Check', io), rpc('Watch', { ...io, serverStreams: true })]],
      [12, 'proto3'],
    ],
  ];
}

function reflectionMessages(t: (type: string) => string): readonly MessageField[] {
  const text = (name: string, number: number): Field => ({ name, number, type: 'string', isInOneof: true });
  const part = (name: string, [number, type]: readonly [number, string]): Field => ({
    name,
    number,
    type: 'message',
    typeName: t(type),
    isInOneof: true,
  });
  const requestFields: readonly Field[] = [
    { name: 'host', number: 1, type: 'string' },
    text('file_by_filename', 3),
    text('file_containing_symbol', 4),
    part('file_containing_extension', [5, 'ExtensionRequest']),
    text('all_extension_numbers_of_type', 6),
    text('list_services', 7),
  ];
  const responseFields: readonly Field[] = [
    { name: 'valid_host', number: 1, type: 'string' },
    { name: 'original_request', number: 2, type: 'message', typeName: t('ServerReflectionRequest') },
    part('file_descriptor_response', [4, 'FileDescriptorResponse']),
    part('all_extension_numbers_response', [5, 'ExtensionNumberResponse']),
    part('list_services_response', [6, 'ListServiceResponse']),
    part('error_response', [7, 'ErrorResponse']),
  ];
  return [
    message('ServerReflectionRequest', requestFields, { oneof: 'message_request' }),
    message('ExtensionRequest', [
      { name: 'containing_type', number: 1, type: 'string' },
      { name: 'extension_number', number: 2, type: 'int32' },
    ]),
    message('ServerReflectionResponse', responseFields, { oneof: 'message_response' }),
    message('FileDescriptorResponse', [{ name: 'file_descriptor_proto', number: 1, type: 'bytes', isRepeated: true }]),
    message('ExtensionNumberResponse', [
      { name: 'base_type_name', number: 1, type: 'string' },
      { name: 'extension_number', number: 2, type: 'int32', isRepeated: true },
    ]),
    message('ListServiceResponse', [
      { name: 'service', number: 1, type: 'message', typeName: t('ServiceResponse'), isRepeated: true },
    ]),
    message('ServiceResponse', [{ name: 'name', number: 1, type: 'string' }]),
    message('ErrorResponse', [
      { name: 'error_code', number: 1, type: 'int32' },
      { name: 'error_message', number: 2, type: 'string' },
    ]),
  ];
}

function reflectionFile(version: string): MessageField {
  const name = `grpc.reflection.${version}`;
  const t = (type: string): string => `.${name}.${type}`;
  const streams = { clientStreams: true, serverStreams: true };
  const io = { input: t('ServerReflectionRequest'), output: t('ServerReflectionResponse') };
  return [
    1,
    [
      [1, `grpc/reflection/${version}/reflection.proto`],
      [2, name],
      ...reflectionMessages(t),
      [6, [[1, 'ServerReflection'], rpc('ServerReflectionInfo', { ...io, ...streams })]],
      [12, 'proto3'],
    ],
  ];
}

/** The details that errors carry, so that tools can print them; RetryInfo needs an import and is left to them. */
function errorDetailsFile(): MessageField {
  const violation = message('FieldViolation', [
    { name: 'field', number: 1, type: 'string' },
    { name: 'description', number: 2, type: 'string' },
  ]);
  const violations: Field = {
    name: 'field_violations',
    number: 1,
    type: 'message',
    typeName: '.google.rpc.BadRequest.FieldViolation',
    isRepeated: true,
  };
  return [
    1,
    [
      [1, 'google/rpc/error_details.proto'],
      [2, 'google.rpc'],
      message('ErrorInfo', [
        { name: 'reason', number: 1, type: 'string' },
        { name: 'domain', number: 2, type: 'string' },
      ]),
      // In a message, field 3 holds the nested ones.
      message('BadRequest', [violations], { extra: [[3, violation[1]]] }),
      [12, 'proto3'],
    ],
  ];
}

/** google.protobuf.FileDescriptorSet of health, reflection and error details, written from their wire facts. */
export function buildPlatformDescriptorSet(): Buffer {
  return buildMessage([healthFile(), errorDetailsFile(), reflectionFile('v1'), reflectionFile('v1alpha')]);
}
