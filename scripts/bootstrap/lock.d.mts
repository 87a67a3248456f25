// SPDX-License-Identifier: Apache-2.0
export declare function withLock<T>(name: string, work: () => Promise<T> | T): Promise<T>;
