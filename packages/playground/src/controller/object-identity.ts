// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import type { KubeObject, Metadata } from './kubernetes-objects.ts';

// What Kubernetes uses for generated names: no vowels, so no words.
const alphabet = 'bcdfghjklmnpqrstvwxz2456789';

/** A suffix as in generated names, the same for the same seed. */
export function nameSuffix(seed: string, length: number): string {
  const digest = createHash('sha256').update(seed).digest();
  return [...digest.subarray(0, length)].map((byte) => alphabet.charAt(byte % alphabet.length)).join('');
}

/** A UUID, the same for the same seed. */
export function uidFrom(seed: string): string {
  const digest = createHash('sha256').update(seed).digest();
  digest[6] = ((digest[6] ?? 0) & 0x0f) | 0x50;
  digest[8] = ((digest[8] ?? 0) & 0x3f) | 0x80;
  const hex = digest.toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join('-');
}

/** Adds what the API server adds to an object's metadata; an object that exists keeps its UID and creation time. */
export function withServerMetadata(object: KubeObject, known: KubeObject | undefined, now: Date): Metadata {
  const created = known?.metadata.creationTimestamp ?? now.toISOString().replace(/\.\d+Z$/, 'Z');
  const { kind, metadata } = object;
  const seed = `${kind}/${metadata.namespace ?? ''}/${metadata.name}/${now.getTime()}`;
  return { ...metadata, uid: known?.metadata.uid ?? uidFrom(seed), creationTimestamp: created };
}
