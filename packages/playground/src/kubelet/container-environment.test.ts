// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from '@jest/globals';
import type { PodObject } from '../controller/kubernetes-objects.ts';
import { containerEnvironment, expand } from './container-environment.ts';

const pod: PodObject = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'cart-1', namespace: 'shop', uid: 'u', labels: { app: 'cart' } },
  spec: { containers: [{ name: 'a', image: '' }], serviceAccountName: 'cart', nodeName: 'n1' },
};

describe('containerEnvironment', () => {
  test('resolves fields and earlier variables', () => {
    const field = (name: string, fieldPath: string) => ({ name, valueFrom: { fieldRef: { fieldPath } } });
    const env = containerEnvironment(
      {
        name: 'a',
        image: '',
        env: [
          field('POD', 'metadata.name'),
          field('APP', "metadata.labels['app']"),
          field('IP', 'status.podIP'),
          field('SA', 'spec.serviceAccountName'),
          { name: 'URL', value: 'http://$(IP)/$(NONE)/$$(POD)' },
        ],
      },
      pod,
      { podIp: '10.244.1.2', hostIp: '10.244.0.1' },
    );
    expect(env).toMatchObject({
      HOSTNAME: 'cart-1',
      POD: 'cart-1',
      APP: 'cart',
      IP: '10.244.1.2',
      SA: 'cart',
      URL: 'http://10.244.1.2/$(NONE)/$(POD)',
    });
  });
});

test('expand leaves text without references alone', () => {
  expect(expand('a $b $(', {})).toBe('a $b $(');
});
