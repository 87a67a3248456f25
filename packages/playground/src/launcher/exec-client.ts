// SPDX-License-Identifier: Apache-2.0
import { connect } from 'node:net';
import { createFrameReader, encodeFrame, execFrame } from '../cluster/exec-frames.ts';

/** What a command inside a pod left. */
export interface ExecResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command inside a pod and collects what it prints; rejects when it cannot be run or takes too long. */
export function execInPod(
  socketPath: string,
  request: { readonly namespace: string; readonly pod: string; readonly command: readonly string[] },
  timeoutMs: number,
): Promise<ExecResult> {
  return new Promise((resolve, reject) => {
    let stdout = '';
    let stderr = '';
    const socket = connect(socketPath);
    const fail = (reason: string): void => {
      socket.destroy();
      reject(new Error(`${request.command.join(' ')} in ${request.namespace}/${request.pod}: ${reason}`));
    };
    const timer = setTimeout(() => fail(`no end within ${timeoutMs} ms`), timeoutMs);
    const read = createFrameReader({
      frame: (type, payload) => {
        if (type === execFrame.stdout) stdout += payload.toString();
        else if (type === execFrame.stderr) stderr += payload.toString();
        else if (type === execFrame.refused) fail(payload.toString());
        else if (type === execFrame.ended) {
          const { code } = JSON.parse(payload.toString()) as { code: number | null };
          socket.destroy();
          resolve({ code, stdout, stderr });
        }
      },
    });
    socket.on('data', read);
    socket.once('error', (error) => fail(error.message));
    socket.once('close', () => {
      clearTimeout(timer);
      fail('the playground ended');
    });
    socket.write(`${JSON.stringify(request)}\n`);
    socket.write(encodeFrame(execFrame.stdinEnd));
  });
}
