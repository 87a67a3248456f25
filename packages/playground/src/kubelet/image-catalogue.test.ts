// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { findProgram } from './image-catalogue.ts';

describe('findProgram', () => {
  test.each([
    'signet-sample',
    'signet-sample:1',
    'registry.example:5000/team/signet-sample:v2',
    'signet-sample@sha256:00',
  ])('runs the sample for %s', (image) => {
    const program = findProgram({ name: 'a', image, args: ['--http=1'] }, '');
    expect(program.command.slice(1)).toEqual([expect.stringMatching(/sample\/main\.ts$/), '--http=1']);
    expect(program.imageId).toMatch(/^signet-sample@sha256:[0-9a-f]{64}$/);
  });

  test('the digest is that of what is run, whatever the manifest claims', () => {
    const digest = createHash('sha256').update(readFileSync('/bin/sh')).digest('hex');
    expect(
      findProgram({ name: 'a', image: 'shop/db@sha256:00', command: ['sh', '-c'], args: ['true'] }, '/nowhere:/bin'),
    ).toEqual({
      command: ['/bin/sh', '-c', 'true'],
      imageId: `db@sha256:${digest}`,
    });
  });

  test('refuses what it cannot run', () => {
    expect(() => findProgram({ name: 'a', image: 'nginx' }, '/bin')).toThrow('not in the catalogue');
    expect(() => findProgram({ name: 'a', image: '', command: ['no-such-program'] }, '/bin')).toThrow('does not exist');
  });
});
