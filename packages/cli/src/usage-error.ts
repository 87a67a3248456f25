// SPDX-License-Identifier: Apache-2.0

/** Something that the person at the terminal can put right, said in the message. */
export class UsageError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'UsageError';
  }
}
