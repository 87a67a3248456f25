// SPDX-License-Identifier: Apache-2.0
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { z } from 'zod';
import { createFrameReader, encodeFrame, execFrame } from './exec-frames.ts';

/** Where a command runs. */
export interface ExecPlace {
  readonly enterArgs: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

const requestShape = z.strictObject({
  namespace: z.string(),
  pod: z.string(),
  command: z.array(z.string()).min(1),
  env: z.record(z.string(), z.string()).optional(),
});

/** Runs commands inside pods for processes of the same user on the host. */
export async function startExecServer(
  socketPath: string,
  find: (namespace: string, pod: string) => ExecPlace | undefined,
): Promise<void> {
  // Half open: a client may end its side and still wait for output.
  const server = createServer({ allowHalfOpen: true }, (socket) => serve(socket, find));
  server.listen(socketPath);
  await once(server, 'listening');
  chmodSync(socketPath, 0o600);
}

function serve(socket: Socket, find: (namespace: string, pod: string) => ExecPlace | undefined): void {
  let child: ChildProcess | undefined;
  const refuse = (reason: string): void => void socket.end(encodeFrame(execFrame.refused, reason));
  const kill = (): void => {
    if (child?.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
    try {
      process.kill(-child.pid, 'SIGKILL');
    } catch {
      // It has just ended.
    }
  };
  const read = createFrameReader({
    line: (line) => {
      const request = parseRequest(line);
      if (request === undefined) return refuse('the request is not valid');
      const place = find(request.namespace, request.pod);
      if (place === undefined)
        return refuse(`no pod ${request.namespace}/${request.pod} runs here; see «signet workloads»`);
      child = start(socket, {
        command: request.command,
        enterArgs: place.enterArgs,
        env: { ...place.env, ...request.env },
      });
    },
    frame: (type, payload) => {
      if (type === execFrame.stdin) child?.stdin?.write(payload);
      else if (type === execFrame.stdinEnd) child?.stdin?.end();
      else if (type === execFrame.signal) child?.kill(payload.toString() as NodeJS.Signals);
    },
  });
  socket.on('data', (chunk) => {
    try {
      read(chunk);
    } catch (error) {
      refuse(error instanceof Error ? error.message : String(error));
    }
  });
  socket.on('error', kill);
  socket.on('close', kill);
}

function parseRequest(line: string): z.infer<typeof requestShape> | undefined {
  try {
    return requestShape.parse(JSON.parse(line));
  } catch {
    return undefined;
  }
}

function start(
  socket: Socket,
  options: { command: readonly string[]; enterArgs: readonly string[]; env: Record<string, string> },
): ChildProcess {
  const [command = '', ...args] =
    options.enterArgs.length === 0 ? options.command : ['nsenter', ...options.enterArgs, '--', ...options.command];
  const child = spawn(command, args, {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: options.env,
    cwd: '/',
    detached: true,
  });
  const send = (type: number, payload: Buffer | string): void => {
    if (!socket.writable) return;
    if (!socket.write(encodeFrame(type, payload))) {
      child.stdout.pause();
      child.stderr.pause();
      socket.once('drain', () => {
        child.stdout.resume();
        child.stderr.resume();
      });
    }
  };
  child.stdout.on('data', (chunk: Buffer) => send(execFrame.stdout, chunk));
  child.stderr.on('data', (chunk: Buffer) => send(execFrame.stderr, chunk));
  child.stdin.on('error', () => undefined);
  child.once('error', (error) => socket.end(encodeFrame(execFrame.refused, error.message)));
  child.once('close', (code, signal) => socket.end(encodeFrame(execFrame.ended, JSON.stringify({ code, signal }))));
  return child;
}
