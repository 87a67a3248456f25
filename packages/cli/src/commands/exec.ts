// SPDX-License-Identifier: Apache-2.0
import { constants } from 'node:os';
import { connect, type Socket } from 'node:net';
import { SignetError } from '@signet/model';
import { UsageError } from '../usage-error.ts';
import { parsePodName } from '../values.ts';
import { createFrameReader, formatFrame, clientFrames, serverFrames } from './exec-frames.ts';

/** What of the process the command is connected to. */
export interface ExecStreams {
  readonly stdin: NodeJS.ReadStream;
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
}

const forwardedSignals = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const;

function exitCodeOf(payload: Buffer): number {
  const ended: unknown = JSON.parse(payload.toString('utf8'));
  if (typeof ended !== 'object' || ended === null) return 1;
  if ('code' in ended && typeof ended.code === 'number') return ended.code;
  const signals: Readonly<Record<string, number | undefined>> = constants.signals;
  const signal = 'signal' in ended ? signals[String(ended.signal)] : undefined;
  return signal === undefined ? 1 : 128 + signal;
}

function forwardInput(socket: Socket, stdin: NodeJS.ReadStream): () => void {
  const onData = (bytes: Buffer): void => {
    if (socket.write(formatFrame(clientFrames.stdin, bytes))) return;
    stdin.pause();
    socket.once('drain', () => stdin.resume());
  };
  const onEnd = (): void => void socket.write(formatFrame(clientFrames.stdinEnded, Buffer.alloc(0)));
  stdin.on('data', onData);
  stdin.once('end', onEnd);
  return () => {
    stdin.off('data', onData);
    stdin.off('end', onEnd);
    stdin.pause();
    // A terminal or an open pipe would keep the process alive.
    if ('unref' in stdin && typeof stdin.unref === 'function') stdin.unref();
  };
}

function forwardSignals(socket: Socket): () => void {
  const forward = (signal: NodeJS.Signals): void =>
    void socket.write(formatFrame(clientFrames.signal, Buffer.from(signal)));
  for (const signal of forwardedSignals) process.on(signal, forward);
  return () => {
    for (const signal of forwardedSignals) process.off(signal, forward);
  };
}

function relay(socket: Socket, request: string, streams: ExecStreams): Promise<number> {
  return new Promise((resolve, reject) => {
    const read = createFrameReader((type, payload) => {
      if (type === serverFrames.stdout) streams.stdout.write(payload);
      else if (type === serverFrames.stderr) streams.stderr.write(payload);
      else if (type === serverFrames.ended) resolve(exitCodeOf(payload));
      else if (type === serverFrames.refused) reject(new UsageError(payload.toString('utf8')));
    });
    socket.on('data', (bytes: Buffer) => {
      try {
        read(bytes);
      } catch (error) {
        reject(error);
      }
    });
    socket.once('error', (error) =>
      reject(new SignetError('PEER_DOWN', `the playground does not answer: ${error.message}`)),
    );
    socket.once('close', () => reject(new SignetError('PEER_DOWN', 'the playground closed the connection')));
    socket.write(request);
  });
}

/** Runs a command inside the namespaces of a playground's pod; resolves to its exit code. */
export async function execInPod(o: {
  readonly socketPath: string | undefined;
  readonly podName: string;
  readonly command: readonly string[];
  readonly streams: ExecStreams;
}): Promise<number> {
  const wanted = parsePodName(o.podName);
  if (wanted === undefined) throw new UsageError(`«${o.podName}» is not NAMESPACE/POD`);
  if (o.command.length === 0) throw new UsageError('name the command after --');
  if (o.socketPath === undefined) {
    throw new UsageError('this mesh is no playground; in a cluster use kubectl exec');
  }
  const socket = connect(o.socketPath);
  const releases = [forwardSignals(socket)];
  try {
    const running = relay(socket, `${JSON.stringify({ ...wanted, command: o.command })}\n`, o.streams);
    releases.push(forwardInput(socket, o.streams.stdin));
    return await running;
  } finally {
    for (const release of releases) release();
    socket.destroy();
  }
}
