// SPDX-License-Identifier: Apache-2.0
export { createCaKeyStore, type CaKey, type CaKeyStore } from './ca-key-store.ts';
export { openDatabase, type Database, type DatabaseConfig, type DatabaseOptions } from './database.ts';
export { createFindingStore, type FindingStore } from './finding-store.ts';
export type { FeedItem, IssuanceFeed } from './issuance/issuance-feed.ts';
export { createIssuanceLedger, type IssuanceLedger, type IssuancePage } from './issuance/issuance-ledger.ts';
export { createOriginStore, type OriginStore, type ServiceOrigin } from './origin-store.ts';
export { createRefusalLog, type NewRefusal, type RefusalEntry, type RefusalLog } from './refusal-log.ts';
