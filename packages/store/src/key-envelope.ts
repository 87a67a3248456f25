// SPDX-License-Identifier: Apache-2.0
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { failure, success, type Result } from '@signet/model';

const formatVersion = 1;
const keySizeBytes = 32;
const nonceSizeBytes = 12;
const tagSizeBytes = 16;
const wrappedSizeBytes = nonceSizeBytes + keySizeBytes + tagSizeBytes;

/** What the sealed bytes are bound to: they open in no other place. */
export type SealContext = readonly (string | Uint8Array)[];

function encodeContext(purpose: string, context: SealContext): Buffer {
  // Each part behind its length, so that two contexts never run together into one.
  const parts = [Buffer.from([formatVersion]), Buffer.from(purpose)].concat(context.map((part) => Buffer.from(part)));
  return Buffer.concat(
    parts.flatMap((part) => {
      const length = Buffer.alloc(4);
      length.writeUInt32BE(part.length);
      return [length, part];
    }),
  );
}

function encrypt(key: Uint8Array, plain: Uint8Array, additional: Buffer): Buffer {
  const nonce = randomBytes(nonceSizeBytes);
  const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(additional);
  return Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
}

function decrypt(key: Uint8Array, sealed: Uint8Array, additional: Buffer): Buffer {
  const end = sealed.length - tagSizeBytes;
  const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, nonceSizeBytes), {
    authTagLength: tagSizeBytes,
  });
  decipher.setAAD(additional).setAuthTag(sealed.subarray(end));
  return Buffer.concat([decipher.update(sealed.subarray(nonceSizeBytes, end)), decipher.final()]);
}

/** Encrypts under a fresh key, which is encrypted under the master key (32 bytes): version, wrapped key, secret. */
export function sealSecret(masterKey: Uint8Array, secret: Uint8Array, context: SealContext): Buffer {
  const secretKey = randomBytes(keySizeBytes);
  const wrapped = encrypt(masterKey, secretKey, encodeContext('key', context));
  const sealed = encrypt(secretKey, secret, encodeContext('secret', context));
  secretKey.fill(0);
  return Buffer.concat([Buffer.from([formatVersion]), wrapped, sealed]);
}

/** Opens what sealSecret made, in the same context only. */
export function openSecret(masterKey: Uint8Array, sealed: Uint8Array, context: SealContext): Result<Buffer> {
  if (sealed[0] !== formatVersion) return failure(`unknown version ${sealed[0] ?? 'none'} of a sealed key`);
  if (sealed.length < 1 + wrappedSizeBytes + nonceSizeBytes + tagSizeBytes)
    return failure('the sealed key is truncated');
  try {
    const wrapped = sealed.subarray(1, 1 + wrappedSizeBytes);
    const secretKey = decrypt(masterKey, wrapped, encodeContext('key', context));
    return success(decrypt(secretKey, sealed.subarray(1 + wrappedSizeBytes), encodeContext('secret', context)));
  } catch {
    return failure('the sealed key was made under another master key, or it was changed');
  }
}
