// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from '@jest/globals';
import { envoyVersions, startEnvoy, validateEnvoyConfig, validateEnvoyConfigs } from '@signet/testing';

const good = { static_resources: { clusters: [{ name: 'a', type: 'STATIC', connect_timeout: '1s' }] } };

describe('envoy', () => {
  test.each(envoyVersions())('%s judges configurations', async (version) => {
    const verdicts = await validateEnvoyConfigs(
      new Map<string, object | string>([
        ['good', good],
        ['text', JSON.stringify(good)],
        ['misspelt', { static_resources: { clusters: [{ nam: 'a' }] } }],
      ]),
      version,
    );
    expect([...verdicts].map(([key, verdict]) => [key, verdict.isValid]).toSorted()).toEqual([
      ['good', true],
      ['misspelt', false],
      ['text', true],
    ]);
    expect(verdicts.get('misspelt')?.output).toContain('nam');
  });

  test('refuses what protobuf accepts and Envoy does not', async () => {
    const verdict = await validateEnvoyConfig({
      static_resources: { clusters: [{ name: '', type: 'STATIC', connect_timeout: '1s' }] },
    });
    expect(verdict.isValid).toBe(false);
  });

  test('runs and answers on its admin endpoint', async () => {
    const envoy = await startEnvoy({ bootstrap: good });
    try {
      expect(await envoy.admin('clusters')).toContain('a::');
    } finally {
      await envoy.stop();
    }
  });
});
