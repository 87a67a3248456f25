// SPDX-License-Identifier: Apache-2.0
import { existsSync, globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { repositoryDir } from '../bootstrap/cache.mjs';
import { readAnchors, readCodeSpans, readLinks, readSections, readTableRows } from './read-markdown.ts';
import { readTestTitles } from './test-titles.ts';

const documents = globSync(['*.md', 'docs/**/*.md', 'packages/*/*.md', 'scripts/**/*.md', 'protos/**/*.md'], {
  cwd: repositoryDir,
}).toSorted();

function read(file: string): string {
  return readFileSync(path.join(repositoryDir, file), 'utf8');
}

function exists(file: string): boolean {
  return existsSync(path.join(repositoryDir, file));
}

describe('documents', () => {
  test('there are some', () => expect(documents.length).toBeGreaterThan(30));

  test.each(documents)('%s: every link leads somewhere', (document) => {
    const broken = readLinks(read(document))
      .filter(({ target }) => !/^[a-z]+:/.test(target))
      .filter(({ target }) => {
        const [file = '', fragment] = target.split('#');
        const linked = file === '' ? document : path.join(path.dirname(document), file);
        if (!exists(linked)) return true;
        return fragment !== undefined && !readAnchors(read(linked)).has(fragment);
      });
    expect(broken).toEqual([]);
  });

  test.each(documents)('%s: every path of ours exists', (document) => {
    const placeholder = /[<>{}*…\s]|NAME|DIR\b/;
    const missing = readCodeSpans(read(document))
      .filter((span) => /^(packages|docs|scripts|protos)\//.test(span) && !placeholder.test(span))
      .filter(
        (span) => !exists(span) && !exists(path.join(path.dirname(document), span)) && !span.includes('/generated/'),
      );
    expect(missing).toEqual([]);
  });
});

describe('the threat model', () => {
  const sections = readSections(read('docs/threat-model.md'));
  const covered = readTableRows(sections.get('Threats') ?? '');
  const uncovered = readTableRows(sections.get('Not covered yet') ?? '');
  const idsOf = (rows: readonly (readonly string[])[]): readonly string[] => rows.map(([id = '']) => id);

  test('has each threat once, in order, and leaves none out', () => {
    for (const ids of [idsOf(covered), idsOf(uncovered)]) expect(ids).toEqual([...new Set(ids)].toSorted());
    const all = Array.from({ length: 52 }, (_, index) => `TM${String(index + 1).padStart(2, '0')}`);
    expect([...new Set([...idsOf(covered), ...idsOf(uncovered)])].toSorted()).toEqual(all);
  });

  test.each(covered.map((row) => [row[0] ?? '', row[3] ?? '']))('%s: the proofs are tests', (_id, proofs) => {
    const unproved: string[] = [];
    const cited = proofs.split('<br>').flatMap((proof) => {
      const [link] = readLinks(proof);
      const file = path.join('docs', link?.target ?? '');
      return [...proof.matchAll(/«([^»]+)»/g)].map(([, title = '']) => ({ file, title }));
    });
    for (const { file, title } of cited) {
      const titles = exists(file) ? readTestTitles(file, read(file)) : [];
      if (!titles.some((pattern) => pattern.test(title))) unproved.push(`${file}: «${title}»`);
    }
    expect(unproved).toEqual([]);
    expect(cited.length).toBeGreaterThan(0);
  });
});

describe('decisions', () => {
  const decisions = globSync('docs/adr/*.md', { cwd: repositoryDir }).toSorted();

  test('have numbers of their own, without a gap', () => {
    const numbers = decisions.map((file) => Number(path.basename(file).slice(0, 4)));
    expect(numbers).toEqual(numbers.map((_, index) => index + 1));
  });

  test.each(decisions)('%s has every part', (file) => {
    const text = read(file);
    expect(text).toMatch(new RegExp(`^# ${path.basename(file).slice(0, 4)} `));
    for (const part of ['Context', 'Options', 'Decision', 'Consequences', 'Security', 'Reliability'])
      expect(text).toContain(`**${part}.**`);
    expect(text.trimEnd().split('\n').length).toBeLessThanOrEqual(30);
  });
});

describe('runbook pages', () => {
  const pages = globSync('docs/runbook/*.md', { cwd: repositoryDir }).filter((file) => !file.endsWith('/README.md'));

  test.each(pages)('%s: symptom, check, act, verify', (page) => {
    expect([...readSections(read(page)).keys()].slice(0, 4)).toEqual(['Symptom', 'Check', 'Act', 'Verify']);
    expect(readLinks(read('docs/runbook/README.md')).map(({ target }) => target)).toContain(path.basename(page));
  });
});

test('every RPC of ours has a file of its own', () => {
  const protos = globSync('protos/**/*.proto', { cwd: repositoryDir });
  const names = protos.flatMap((file) => [...read(file).matchAll(/^ {2}rpc (\w+)\(/gm)].map(([, name = '']) => name));
  expect(names.length).toBeGreaterThan(15);
  const files = new Set(
    globSync('packages/*/src/grpc/*.ts', { cwd: repositoryDir }).map((file) => path.basename(file)),
  );
  const fileOf = (name: string): string => `${name.replaceAll(/(?<!^)(?=[A-Z])/g, '-').toLowerCase()}.ts`;
  expect(names.filter((name) => !files.has(fileOf(name)))).toEqual([]);
});

test('the architecture is a map of at most 300 lines', () => {
  expect(read('ARCHITECTURE.md').split('\n').length).toBeLessThanOrEqual(300);
});
