// SPDX-License-Identifier: Apache-2.0
export { createProgram, type ProgramDeps } from './program.ts';
