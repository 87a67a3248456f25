// SPDX-License-Identifier: Apache-2.0
import { enableCompileCache, flushCompileCache } from 'node:module';
import { homedir } from 'node:os';
import path from 'node:path';

// Many agents start at once: what one of them compiled, the others load. Must precede every other import. Not in the
// temporary directory, where another user could put code in its place.
const cacheHome = process.env['XDG_CACHE_HOME'] ?? path.join(homedir(), '.cache');
enableCompileCache(process.env['NODE_COMPILE_CACHE'] ?? path.join(cacheHome, 'signet', 'compiled'));
const cacheFlushMs = 5_000;
setTimeout(flushCompileCache, cacheFlushMs).unref();

const { runAgent } = await import('./run-agent.ts');
process.exitCode = await runAgent(process.argv.slice(2));
