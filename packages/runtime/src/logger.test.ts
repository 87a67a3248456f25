// SPDX-License-Identifier: Apache-2.0
import { expect, test } from '@jest/globals';
import { createLogger } from './logger.ts';

test('secrets are redacted at three depths', () => {
  const lines: string[] = [];
  const logger = createLogger({ component: 'test', sink: { write: (line) => lines.push(line) } });
  const secrets = { token: 's3cret', keyPem: 's3cret', csr: 's3cret', authorization: 's3cret', password: 's3cret' };
  logger.info({ ...secrets, request: { ...secrets, metadata: secrets }, serial: '0a' }, 'call');
  logger.error({ err: new Error('failed') }, 'failed');
  expect(lines.join('')).not.toContain('s3cret');
  expect(JSON.parse(lines[0] ?? '')).toMatchObject({
    component: 'test',
    level: 'info',
    msg: 'call',
    serial: '0a',
    token: '[redacted]',
  });
});

test('lines below the level are not written', () => {
  const lines: string[] = [];
  const logger = createLogger({ component: 'test', level: 'warn', sink: { write: (line) => lines.push(line) } });
  logger.info('quiet');
  expect(lines).toEqual([]);
});
