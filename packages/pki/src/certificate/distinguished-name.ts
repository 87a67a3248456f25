// SPDX-License-Identifier: Apache-2.0
import type { DerReader } from '../der/der-reader.ts';
import { derTag } from '../der/der-tags.ts';
import { buildElement, buildOid, buildSequence, buildUtf8String } from '../der/der-writer.ts';
import { oid } from '../oids.ts';

/** Attributes of a subject that are written here. */
export interface SubjectName {
  readonly organization?: string;
  readonly commonName?: string;
}

function attribute(type: string, value: string | undefined): Buffer[] {
  if (value === undefined) return [];
  return [buildElement(derTag.set, buildSequence(buildOid(type), buildUtf8String(value)))];
}

/** Writes a Name; empty for an empty subject. */
export function buildName(name: SubjectName): Buffer {
  return buildSequence(
    ...attribute(oid.organization, name.organization),
    ...attribute(oid.commonName, name.commonName),
  );
}

/** Reads a Name; returns the types of its attributes. */
export function readAttributeTypes(reader: DerReader): readonly string[] {
  const types: string[] = [];
  const name = reader.enter();
  while (!name.isAtEnd) {
    const relativeName = name.enter(derTag.set);
    do {
      const pair = relativeName.enter();
      types.push(pair.readOid());
      pair.readElement();
      pair.expectEnd();
    } while (!relativeName.isAtEnd);
  }
  return types;
}
