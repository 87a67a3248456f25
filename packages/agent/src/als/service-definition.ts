// SPDX-License-Identifier: Apache-2.0
import { envoy } from '@signet/proto/agent';
import { defineMethod } from '../sds/service-definition.ts';

const { StreamAccessLogsMessage, StreamAccessLogsResponse } = envoy.service.accesslog.v3;

/**
 * envoy.service.accesslog.v3.AccessLogService. Its one method takes a stream and answers once at the end; on the wire that
 * is a bidirectional stream whose answers are few.
 */
export const accessLogService = {
  StreamAccessLogs: defineMethod({
    path: '/envoy.service.accesslog.v3.AccessLogService/StreamAccessLogs',
    request: StreamAccessLogsMessage,
    response: StreamAccessLogsResponse,
    isStream: true,
  }),
};
