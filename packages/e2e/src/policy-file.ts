// SPDX-License-Identifier: Apache-2.0
import { renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Playground } from './playground.ts';

/** File of a policy that a test adds to the mesh. */
export function policyFile(mesh: Playground, name: string): string {
  return path.join(mesh.meshDir, `test-${name}.yaml`);
}

/** Puts a policy file in place at once, as an editor or a git checkout would. */
export function writePolicy(mesh: Playground, name: string, text: string): void {
  const temporary = path.join(mesh.meshDir, `.${name}.tmp`);
  writeFileSync(temporary, text);
  renameSync(temporary, policyFile(mesh, name));
}

/** A DENY for one path of frontend. */
export function denyPath(name: string, denied: string): string {
  return `apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: { name: ${name}, namespace: shop }
spec:
  selector: { matchLabels: { app: frontend } }
  action: DENY
  rules: [{ to: [{ operation: { paths: [${denied}] } }] }]
`;
}
