// SPDX-License-Identifier: Apache-2.0
export declare class Missing extends Error {}
export declare function say(text: string): void;
export declare function step<T>(title: string, work: () => Promise<T> | T): Promise<T>;
