// SPDX-License-Identifier: Apache-2.0
import type { Finding } from '@signet/model';
import type { EstablishedOrigin } from './origin.ts';

/** Keeps established origins over restarts; without it an intruder that came while discovery was down would found one. */
export interface OriginStore {
  load(): Promise<readonly EstablishedOrigin[]>;
  /** Inserts or replaces by namespace and service. */
  save(origins: readonly EstablishedOrigin[]): Promise<void>;
}

/** Keeps when findings were first seen, over restarts. */
export interface FindingStore {
  /** By id; only open ones. */
  load(): Promise<ReadonlyMap<string, Date>>;
  /** Inserts new ones; known ids keep their date. */
  open(findings: readonly Finding[]): Promise<void>;
  /** The pods of these ids are gone, or cleared. */
  close(ids: readonly string[]): Promise<void>;
}
