// SPDX-License-Identifier: Apache-2.0
import { enableCompileCache } from 'node:module';

// Many agents start at once: what one of them compiled, the others load. Must precede every other import.
enableCompileCache();
const { runAgent } = await import('./run-agent.ts');
process.exitCode = await runAgent(process.argv.slice(2));
