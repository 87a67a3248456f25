// SPDX-License-Identifier: Apache-2.0
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { ManifestDirectory, readManifestDirectory, referenceOf, sizeBytesMaxOf } from './manifest-directory.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(path.join(tmpdir(), 'signet-manifests-'));
});
afterEach(() => rmSync(root, { recursive: true }));

function account(name: string): string {
  return `apiVersion: v1\nkind: ServiceAccount\nmetadata:\n  name: ${name}\n`;
}

function write(name: string, text: string): string {
  const file = path.join(root, name);
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, text);
  return file;
}

async function read(directory = new ManifestDirectory(root)): Promise<string[]> {
  await directory.read(true);
  return directory.content.objects.map(referenceOf);
}

test('reads manifests below a directory and leaves out what is hidden or of another kind', async () => {
  write('a.yaml', account('a'));
  write('deep/er/b.yml', account('b'));
  write('c.json', JSON.stringify({ apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'c' } }));
  write('.hidden.yaml', account('x'));
  write('.git/x.yaml', account('x'));
  write('README.md', 'x');
  expect(await read()).toEqual(['ServiceAccount default/a', 'ServiceAccount default/c', 'ServiceAccount default/b']);
});

test('a file that does not parse keeps its last good objects until it does', async () => {
  const directory = new ManifestDirectory(root);
  write('a.yaml', account('a'));
  await read(directory);
  const [before] = directory.content.objects;
  const file = write('a.yaml', 'kind: [');
  expect(await read(directory)).toEqual(['ServiceAccount default/a']);
  expect(directory.content.objects[0]).toBe(before);
  expect(directory.content.problems[0]?.startsWith(`${file}:1:`)).toBe(true);
  write('a.yaml', account('other'));
  expect(await read(directory)).toEqual(['ServiceAccount default/other']);
  expect(directory.content.problems).toEqual([]);
});

test('a file that is gone takes its objects along, broken or not', async () => {
  const directory = new ManifestDirectory(root);
  const file = write('a.yaml', account('a'));
  await read(directory);
  write('a.yaml', 'kind: [');
  await read(directory);
  rmSync(file);
  expect(await read(directory)).toEqual([]);
  expect(directory.content.problems).toEqual([]);
});

test('an object in two files counts once, and the second file is reported', async () => {
  const first = write('a.yaml', account('a'));
  const second = write('b.yaml', account('a'));
  const content = await readManifestDirectory(root);
  expect(content.objects.map(({ origin }) => origin)).toEqual([`${first}:1`]);
  expect(content.problems).toEqual([
    `${second}:1:1: metadata.name: ServiceAccount default/a is in ${first}:1 as well; that one counts`,
  ]);
});

test('an empty file is not believed while it is being written, unless asked for now', async () => {
  const directory = new ManifestDirectory(root);
  write('a.yaml', account('a'));
  await read(directory);
  write('a.yaml', '');
  expect(await directory.read(false)).toEqual({ hasChanged: false, isInFlux: true });
  expect(directory.content.objects).toHaveLength(1);
  expect(await read(directory)).toEqual([]);
});

const policy = 'apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\nmetadata: { name: p, namespace: shop }\n';

test('a policy whose file is away for a moment stays, unless asked for now', async () => {
  const directory = new ManifestDirectory(root);
  write('b.yaml', account('b'));
  const file = write('a.yaml', policy);
  await read(directory);
  rmSync(file);
  expect(await directory.read(false)).toEqual({ hasChanged: false, isInFlux: true });
  await new Promise((resolve) => setTimeout(resolve, 200));
  expect(await directory.read(false)).toEqual({ hasChanged: true, isInFlux: false });
  write('a.yaml', policy);
  await read(directory);
  rmSync(file);
  expect(await read(directory)).toEqual(['ServiceAccount default/b']);
});

test('a file that never parsed and names a policy kind hides policies; one that did parse has last good objects', async () => {
  const directory = new ManifestDirectory(root);
  write('a.yaml', `${policy}spec: [\n`);
  write('b.json', '{"kind": "PeerAuth');
  await read(directory);
  expect(directory.content.hidesPolicies).toBe(true);
  write('a.yaml', policy);
  await read(directory);
  expect(directory.content.hidesPolicies).toBe(false);
  write('a.yaml', `${policy}spec: [\n`);
  await read(directory);
  expect(directory.content).toMatchObject({
    hidesPolicies: false,
    objects: [{ object: { kind: 'AuthorizationPolicy' } }],
  });
});

test('an object that did not change keeps its identity when its file does', async () => {
  const directory = new ManifestDirectory(root);
  write('a.yaml', `${account('a')}---\n${account('b')}`);
  await read(directory);
  const [first, second] = directory.content.objects;
  write('a.yaml', `${account('a')}---\n${account('c')}`);
  await read(directory);
  expect(directory.content.objects[0]).toBe(first);
  expect(directory.content.objects[1]).not.toBe(second);
});

test('links are followed inside the directory and nowhere else', async () => {
  const outside = mkdtempSync(path.join(tmpdir(), 'signet-outside-'));
  try {
    writeFileSync(path.join(outside, 'secret.yaml'), account('secret'));
    write('..data/a.yaml', account('a'));
    symlinkSync(path.join(root, '..data/a.yaml'), path.join(root, 'a.yaml'));
    symlinkSync(path.join(outside, 'secret.yaml'), path.join(root, 'secret.yaml'));
    symlinkSync(path.join(root, 'loop.yaml'), path.join(root, 'loop.yaml'));
    symlinkSync(root, path.join(root, 'self'));
    const content = await readManifestDirectory(root);
    expect(content.objects.map(referenceOf)).toEqual(['ServiceAccount default/a']);
    expect(content.problems).toEqual([
      `${root}/secret.yaml:1:1: (file): is a link to ${outside}/secret.yaml, outside the directory; it is not read`,
    ]);
  } finally {
    rmSync(outside, { recursive: true });
  }
});

test.each(['huge.yaml', 'huge.json'])('a file that is too large is refused without being read: %s', async (name) => {
  const max = sizeBytesMaxOf(name);
  const file = write(name, 'x'.repeat(max + 1));
  const content = await readManifestDirectory(root);
  expect(content.problems).toEqual([`${file}:1:1: (file): ${max + 1} bytes; at most ${max} are read`]);
});
