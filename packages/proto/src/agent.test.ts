// SPDX-License-Identifier: Apache-2.0
import { expect, test } from '@jest/globals';
import { envoy as agentEnvoy } from './agent.ts';
import { envoy } from './index.ts';

test('the agent reads with its small module what the large one writes', () => {
  const message = {
    identifier: { logName: 'inbound' },
    tcpLogs: { logEntry: [{ commonProperties: { customTags: { port: '80' } } }] },
  };
  const bytes = envoy.service.accesslog.v3.StreamAccessLogsMessage.encode(message).finish();
  const read = agentEnvoy.service.accesslog.v3.StreamAccessLogsMessage.decode(bytes);
  expect(read.identifier?.logName).toBe('inbound');
  expect(read.tcpLogs?.logEntry?.[0]?.commonProperties?.customTags).toEqual({ port: '80' });
});
