// SPDX-License-Identifier: Apache-2.0
import { policyKinds } from '@signet/model';
import { readFileSync } from 'node:fs';
import { parseAllDocuments } from 'yaml';
import { listManifestFiles } from '../controller/read-manifests.ts';
import { metadataShape } from '../controller/kubernetes-objects.ts';
import { z } from 'zod';
import { expectStatus, type ApiWriter } from './api-writer.ts';

const objectShape = z.looseObject({ apiVersion: z.string(), kind: z.string(), metadata: metadataShape });
type AnyObject = z.infer<typeof objectShape>;

const plurals: Readonly<Record<string, string>> = {
  Namespace: 'namespaces',
  ServiceAccount: 'serviceaccounts',
  Service: 'services',
  Deployment: 'deployments',
  StatefulSet: 'statefulsets',
  Pod: 'pods',
  ...Object.fromEntries(policyKinds.map(({ kind, plural }) => [kind, plural])),
};
/** What others need comes first; bare pods last, so that the origin of each Service is there before them. */
const order = ['Namespace', 'ServiceAccount', 'Service', 'PeerAuthentication', 'Deployment', 'StatefulSet'];

/** Creates the objects of a directory of manifests that do not exist yet; changes nothing that does. */
export async function applyManifests(
  api: ApiWriter,
  directory: string,
  onProblem: (text: string) => void,
): Promise<void> {
  const objects = listManifestFiles(directory).flatMap((file) => readObjects(file, onProblem));
  const rank = (object: AnyObject): number =>
    order.includes(object.kind) ? order.indexOf(object.kind) : object.kind === 'Pod' ? 99 : 50;
  for (const object of objects.toSorted((a, b) => rank(a) - rank(b))) {
    const path = collectionPath(object);
    if (path === undefined) continue;
    try {
      expectStatus(
        await createWithPatience(api, path, object),
        `creating ${object.kind} ${object.metadata.name}`,
        [409],
      );
    } catch (error) {
      onProblem(error instanceof Error ? error.message : String(error));
    }
  }
}

/** A pod is refused until the controller manager has made its namespace's default account. */
async function createWithPatience(api: ApiWriter, path: string, object: AnyObject): ReturnType<ApiWriter['post']> {
  for (let attempt = 1; ; attempt += 1) {
    const answer = await api.post(path, object);
    const isAccountMissing = answer.status === 403 && JSON.stringify(answer.body).includes('serviceaccount');
    if (!isAccountMissing || attempt >= 20) return answer;
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
}

function readObjects(file: string, onProblem: (text: string) => void): AnyObject[] {
  const documents = parseAllDocuments(readFileSync(file, 'utf8'));
  return (Array.isArray(documents) ? documents : []).flatMap((document) => {
    const error = document.errors[0];
    if (error !== undefined) onProblem(`${file}: ${error.message}`);
    const parsed = objectShape.safeParse(error === undefined ? document.toJS({ maxAliasCount: 100 }) : undefined);
    return parsed.success ? [parsed.data] : [];
  });
}

function collectionPath(object: AnyObject): string | undefined {
  const plural = plurals[object.kind];
  if (plural === undefined) return undefined;
  const root = object.apiVersion.includes('/') ? `/apis/${object.apiVersion}` : `/api/${object.apiVersion}`;
  return object.kind === 'Namespace'
    ? `${root}/${plural}`
    : `${root}/namespaces/${object.metadata.namespace ?? 'default'}/${plural}`;
}
