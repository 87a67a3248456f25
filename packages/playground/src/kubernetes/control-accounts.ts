// SPDX-License-Identifier: Apache-2.0
import { defaultRootNamespace, tokenAudience } from '@signet/model';
import { z } from 'zod';
import { tokenLifetimeSeconds } from '../kubelet/token-file.ts';
import { nodeNames } from '../network-plan.ts';
import { expectStatus, type ApiWriter } from './api-writer.ts';

/** Pods with this label stand for processes that the playground starts by other means. */
export const standInLabel = 'signet.dev/stand-in';
const tokenShape = z.looseObject({ status: z.looseObject({ token: z.string() }) });

/** Makes the account of control plane or operator, and a pod that its tokens are bound to. */
export async function createControlAccount(api: ApiWriter, account: string): Promise<void> {
  const namespacePath = `/api/v1/namespaces/${defaultRootNamespace}`;
  const metadata = { name: account, namespace: defaultRootNamespace };
  expectStatus(
    await api.post('/api/v1/namespaces', {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: defaultRootNamespace },
    }),
    'creating the root namespace',
    [409],
  );
  expectStatus(
    await api.post(`${namespacePath}/serviceaccounts`, { apiVersion: 'v1', kind: 'ServiceAccount', metadata }),
    `creating account ${account}`,
    [409],
  );
  const pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { ...metadata, labels: { [standInLabel]: 'true' } },
    spec: { serviceAccountName: account, nodeName: nodeNames[0], containers: [{ name: account, image: account }] },
  };
  expectStatus(await api.post(`${namespacePath}/pods`, pod), `creating the pod of ${account}`, [409]);
  const condition = { type: 'Ready', status: 'True' };
  expectStatus(
    await api.patch(`${namespacePath}/pods/${account}/status`, {
      status: { phase: 'Running', conditions: [condition] },
    }),
    `reporting the pod of ${account}`,
  );
}

/** A token of the account, bound to a pod. */
export async function requestToken(
  api: ApiWriter,
  account: { readonly namespace: string; readonly name: string },
  pod: { readonly name: string; readonly uid?: string },
): Promise<string> {
  const path = `/api/v1/namespaces/${account.namespace}/serviceaccounts/${account.name}/token`;
  const boundObjectRef = {
    kind: 'Pod',
    apiVersion: 'v1',
    name: pod.name,
    ...(pod.uid === undefined ? {} : { uid: pod.uid }),
  };
  const answer = await api.post(path, {
    apiVersion: 'authentication.k8s.io/v1',
    kind: 'TokenRequest',
    spec: { audiences: [tokenAudience], expirationSeconds: tokenLifetimeSeconds, boundObjectRef },
  });
  expectStatus(answer, `a token for ${account.namespace}/${account.name}`);
  return tokenShape.parse(answer.body).status.token;
}
