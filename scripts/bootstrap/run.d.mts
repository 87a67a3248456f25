// SPDX-License-Identifier: Apache-2.0
export declare function searchPath(): string;
export declare class CommandFailed extends Error {}
export declare function findProgram(name: string): string | undefined;
export declare function runQuietly(
  command: string,
  args: readonly string[],
  options?: { readonly cwd?: string; readonly env?: Readonly<Record<string, string>> },
): Promise<string>;
