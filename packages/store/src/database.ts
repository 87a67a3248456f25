// SPDX-License-Identifier: Apache-2.0
import { SignetError } from '@signet/model';
import type { Logger } from '@signet/runtime';
import pg from 'pg';
import { DataSource, type DataSourceOptions, type EntityTarget, type ObjectLiteral, type Repository } from 'typeorm';
import { runMigrations } from './migrations/run-migrations.ts';
import { caKeyEntity } from './ca-key-entity.ts';
import { findingEntity } from './finding-entity.ts';
import { serviceOriginEntity } from './service-origin-entity.ts';
import { toStoreError } from './store-error.ts';

/** How to reach the database: a URL, or its parts. */
export interface DatabaseConfig {
  readonly url?: string | undefined;
  /** Host, or directory of the Unix socket. */
  readonly host?: string | undefined;
  readonly port?: number | undefined;
  readonly database?: string | undefined;
  readonly user?: string | undefined;
  readonly password?: string | undefined;
}

/** Runs one statement with bound parameters. */
export type RunStatement = <Row>(sql: string, parameters?: readonly unknown[]) => Promise<readonly Row[]>;

/** A pool of connections to a migrated database. Its methods throw SignetError only. */
export interface Database {
  readonly query: RunStatement;
  /** Runs statements on one connection, and commits unless `work` throws. */
  transaction<T>(work: (run: RunStatement) => Promise<T>): Promise<T>;
  /** A connection of its own, outside of the pool; for session locks. `onLost` is called when it ends, however it does. */
  connectAlone(onLost: () => void): Promise<pg.Client>;
  /** Table access of TypeORM, for small tables only; entities do not leave this package. */
  repository<Entity extends ObjectLiteral>(entity: EntityTarget<Entity>): Repository<Entity>;
  close(): Promise<void>;
}

/** Options of openDatabase. */
export interface DatabaseOptions {
  readonly config: DatabaseConfig;
  /** Shown in pg_stat_activity. */
  readonly applicationName: string;
  readonly logger: Logger;
  /** Ends waiting for the database. */
  readonly signal?: AbortSignal;
  /** Connections at most; default 8. */
  readonly connectionsMax?: number;
}

const connectTimeoutMs = 2000;
const statementTimeoutMs = 10_000;
const retryDelayMs = 250;

/**
 * Connects, waiting for a server that is not there yet, and brings the schema up to date. Rejects with STORE_DOWN when
 * `signal` ends the wait.
 */
export async function openDatabase(options: DatabaseOptions): Promise<Database> {
  const { logger, signal } = options;
  for (let attempt = 1; ; attempt += 1) {
    if (signal?.aborted === true) throw new SignetError('STORE_DOWN', 'no longer waiting for the database');
    const dataSource = new DataSource(dataSourceOptions(options));
    try {
      await dataSource.initialize();
      await runMigrations(dataSource);
      return new PooledDatabase(dataSource, clientConfig(options));
    } catch (error) {
      if (dataSource.isInitialized) await dataSource.destroy();
      const failure = toStoreError(error);
      if (failure.reason !== 'STORE_DOWN') throw failure;
      if (attempt === 1) logger.warn({ detail: failure.detail }, 'waiting for the database');
      await new Promise((resolve) => setTimeout(resolve, retryDelayMs));
    }
  }
}

function clientConfig({ config, applicationName }: DatabaseOptions): pg.ClientConfig {
  const { url, host, port, database, user, password } = config;
  return {
    ...(url === undefined ? {} : { connectionString: url }),
    ...(host === undefined ? {} : { host }),
    ...(port === undefined ? {} : { port }),
    ...(database === undefined ? {} : { database }),
    ...(user === undefined ? {} : { user }),
    ...(password === undefined ? {} : { password }),
    application_name: applicationName,
    connectionTimeoutMillis: connectTimeoutMs,
  };
}

function dataSourceOptions(options: DatabaseOptions): DataSourceOptions {
  const { url, host, port, database, user, password } = options.config;
  return {
    type: 'postgres',
    ...(url === undefined ? {} : { url }),
    ...(host === undefined ? {} : { host }),
    ...(port === undefined ? {} : { port }),
    ...(database === undefined ? {} : { database }),
    ...(user === undefined ? {} : { username: user }),
    ...(password === undefined ? {} : { password }),
    applicationName: options.applicationName,
    connectTimeoutMS: connectTimeoutMs,
    poolSize: options.connectionsMax ?? 8,
    entities: [caKeyEntity, serviceOriginEntity, findingEntity],
    // The schema belongs to the migrations alone.
    synchronize: false,
    migrationsRun: false,
    logging: false,
    installExtensions: false,
    // An idle connection that is lost is replaced at the next use.
    poolErrorHandler: (error: unknown) => options.logger.debug({ err: error }, 'database connection lost'),
    extra: { statement_timeout: statementTimeoutMs, keepAlive: true },
  };
}

class PooledDatabase implements Database {
  readonly #dataSource: DataSource;
  readonly #clientConfig: pg.ClientConfig;

  constructor(dataSource: DataSource, config: pg.ClientConfig) {
    this.#dataSource = dataSource;
    this.#clientConfig = config;
  }

  readonly query: RunStatement = async <Row>(sql: string, parameters: readonly unknown[] = []) => {
    try {
      return toRows<Row>(await this.#dataSource.query(sql, [...parameters]));
    } catch (error) {
      throw toStoreError(error);
    }
  };

  async transaction<T>(work: (run: RunStatement) => Promise<T>): Promise<T> {
    try {
      return await this.#dataSource.transaction((manager) =>
        work(async <Row>(sql: string, parameters: readonly unknown[] = []) =>
          toRows<Row>(await manager.query(sql, [...parameters])),
        ),
      );
    } catch (error) {
      throw toStoreError(error);
    }
  }

  async connectAlone(onLost: () => void): Promise<pg.Client> {
    const client = new pg.Client({ ...this.#clientConfig, keepAlive: true });
    // A connection that is cut may be reported twice; an error without a listener would end the process.
    client.on('error', () => undefined);
    try {
      await client.connect();
      client.once('end', onLost);
      return client;
    } catch (error) {
      throw toStoreError(error);
    }
  }

  repository<Entity extends ObjectLiteral>(entity: EntityTarget<Entity>): Repository<Entity> {
    return this.#dataSource.getRepository(entity);
  }

  async close(): Promise<void> {
    if (this.#dataSource.isInitialized) await this.#dataSource.destroy();
  }
}

/** TypeORM answers rows for `select` and for `insert … returning`, and a pair of rows and count for other statements. */
function toRows<Row>(answer: unknown): readonly Row[] {
  if (!Array.isArray(answer)) return [];
  const isPair = answer.length === 2 && Array.isArray(answer[0]) && typeof answer[1] === 'number';
  return (isPair ? answer[0] : answer) as readonly Row[];
}
