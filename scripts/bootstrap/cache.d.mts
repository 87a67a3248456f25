// SPDX-License-Identifier: Apache-2.0
/** `scripts/parts/manifest.json`. */
export interface PartsManifest {
  readonly node: { readonly version: string; readonly integrity: Readonly<Record<string, string>> };
  readonly envoy: {
    readonly package: string;
    /** Newest first. */
    readonly versions: readonly string[];
    /** version → architecture → digest of the wheel. */
    readonly sha256: Readonly<Record<string, Readonly<Record<string, string>>>>;
  };
  readonly kubernetes: { readonly version: string };
  readonly etcd: { readonly version: string };
}
export declare const repositoryDir: string;
export declare const manifest: PartsManifest;
export declare function cacheDirectory(): string;
export declare function toolsDirectory(): string;
export declare function cloneLockName(purpose: string): string;
