// SPDX-License-Identifier: Apache-2.0
export {
  buildReport,
  runInTurns,
  type Benchmark,
  type Contender,
  type Report,
  type Result,
  type Sample,
} from './benchmark.ts';
