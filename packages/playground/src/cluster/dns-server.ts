// SPDX-License-Identifier: Apache-2.0
import { createSocket } from 'node:dgram';
import { createServer } from 'node:net';
import { once } from 'node:events';
import packet, { type Packet } from 'dns-packet';
import { networkPlan } from '../network-plan.ts';
import type { DnsRecords } from './dns-records.ts';

const port = 53;
const ttlSeconds = 5;
const nameError = 3;
const maxTcpMessage = 512;

/** Answers one question about the cluster's names; anything else does not exist. */
export function answerQuery(query: Packet, records: DnsRecords): Packet {
  const question = query.questions?.[0];
  const name = (question?.name ?? '').toLowerCase().replace(/\.$/, '');
  const addresses = records.get(name);
  const flags =
    packet.AUTHORITATIVE_ANSWER |
    packet.RECURSION_DESIRED |
    packet.RECURSION_AVAILABLE |
    (addresses === undefined ? nameError : 0);
  return {
    type: 'response',
    ...(query.id === undefined ? {} : { id: query.id }),
    flags,
    questions: query.questions ?? [],
    answers:
      question?.type === 'A'
        ? (addresses ?? []).map((data) => ({ type: 'A' as const, name: question.name, ttl: ttlSeconds, data }))
        : [],
  };
}

/** Serves DNS over UDP and TCP on the gateway; packets that are no DNS are ignored. */
export async function startDnsServer(records: () => DnsRecords): Promise<void> {
  const udp = createSocket('udp4');
  udp.on('message', (message, peer) => {
    const answer = answerBytes(message, records());
    if (answer !== undefined) udp.send(answer, peer.port, peer.address);
  });
  udp.on('error', () => undefined);
  const tcp = createServer((socket) => {
    let received = Buffer.alloc(0);
    socket.setTimeout(5000, () => socket.destroy());
    socket.on('error', () => socket.destroy());
    socket.on('data', (chunk) => {
      received = Buffer.concat([received, chunk]);
      if (received.length < 2) return;
      const length = received.readUInt16BE(0);
      if (length > maxTcpMessage) return void socket.destroy();
      if (received.length < 2 + length) return;
      const answer = answerBytes(received.subarray(2, 2 + length), records());
      received = received.subarray(2 + length);
      if (answer === undefined) return void socket.destroy();
      const prefix = Buffer.alloc(2);
      prefix.writeUInt16BE(answer.length);
      socket.write(Buffer.concat([prefix, answer]));
    });
  });
  udp.bind(port, networkPlan.gateway);
  tcp.listen(port, networkPlan.gateway);
  await Promise.all([once(udp, 'listening'), once(tcp, 'listening')]);
}

function answerBytes(message: Buffer, records: DnsRecords): Buffer | undefined {
  try {
    return packet.encode(answerQuery(packet.decode(message), records));
  } catch {
    return undefined;
  }
}
