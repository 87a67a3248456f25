// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from '@jest/globals';
import { envoy } from '@signet/proto/agent';
import { flowOfHttpEntry, flowOfTcpEntry } from './flow-of-entry.ts';

const { AccessLogType } = envoy.data.accesslog.v3;
const peer = 'spiffe://cluster.local/ns/shop/sa/frontend';
const inboundTags = {
  transport: 'mtls',
  peer,
  peer_serial: '0A:1B',
  tls_version: 'TLSv1.3',
  port: '8080',
  address: '10.0.0.7',
  failure: '-',
};
const allowedBy = (filter: string, key: string) => ({
  filterMetadata: { [filter]: { fields: { [key]: { stringValue: 'AuthorizationPolicy/shop/checkout/0' } } } },
});

describe('inbound HTTP', () => {
  test('an allowed call names the rule, the peer and its serial in our form', () => {
    const entry = {
      commonProperties: {
        customTags: inboundTags,
        metadata: allowedBy('envoy.filters.http.rbac', 'signet_allow_enforced_effective_policy_id'),
      },
      response: { responseCodeDetails: 'via_upstream' },
    };
    expect(flowOfHttpEntry('inbound', entry)).toEqual({
      isInbound: true,
      peerSpiffeId: peer,
      peerSerial: '0a1b',
      peerAddress: '10.0.0.7',
      port: 8080,
      transport: 'mtls',
      verdict: 'ALLOWED',
      rule: 'AuthorizationPolicy/shop/checkout/0',
      tlsVersion: 'TLSv1.3',
      target: '',
      failure: '',
    });
  });

  test.each([
    ['rbac_access_denied_matched_policy[AuthorizationPolicy/shop/deny-all/2]', 'AuthorizationPolicy/shop/deny-all/2'],
    ['rbac_access_denied_matched_policy[none]', ''],
  ])('%s is denied by «%s»', (responseCodeDetails, rule) => {
    const flow = flowOfHttpEntry('inbound', {
      commonProperties: { customTags: inboundTags },
      response: { responseCodeDetails },
    });
    expect(flow).toMatchObject({ verdict: 'DENIED', rule });
  });

  test('an intermediate entry counts nothing', () => {
    expect(
      flowOfHttpEntry('inbound', { commonProperties: { intermediateLogEntry: true, customTags: inboundTags } }),
    ).toBeUndefined();
  });

  test('an entry without anything is a call of unknown transport, not an error', () => {
    expect(flowOfHttpEntry('inbound', {})).toMatchObject({ transport: '', port: 0, verdict: 'ALLOWED' });
  });
});

describe('inbound TCP', () => {
  const upstreamRemoteAddress = { socketAddress: { address: '10.0.0.9', portValue: 6379 } };

  test('a connection counts once, when it is connected', () => {
    const metadata = allowedBy('envoy.filters.network.rbac', 'signet_allow_shadow_effective_policy_id');
    const connected = {
      commonProperties: {
        customTags: inboundTags,
        metadata,
        upstreamRemoteAddress,
        accessLogType: AccessLogType.TcpUpstreamConnected,
      },
    };
    const ended = {
      commonProperties: {
        customTags: inboundTags,
        metadata,
        upstreamRemoteAddress,
        accessLogType: AccessLogType.TcpConnectionEnd,
      },
    };
    expect(flowOfTcpEntry('inbound', connected)).toMatchObject({
      verdict: 'ALLOWED',
      rule: 'AuthorizationPolicy/shop/checkout/0',
    });
    expect(flowOfTcpEntry('inbound', ended)).toBeUndefined();
  });

  test('a denied connection counts at its end', () => {
    const customTags = { ...inboundTags, details: 'rbac_access_denied_matched_policy[none]' };
    const ended = { commonProperties: { customTags, accessLogType: AccessLogType.TcpConnectionEnd } };
    expect(flowOfTcpEntry('inbound', ended)).toMatchObject({ verdict: 'DENIED', rule: '' });
  });

  test('a connection that never reached the application has failed', () => {
    const ended = { commonProperties: { customTags: inboundTags, accessLogType: AccessLogType.TcpConnectionEnd } };
    expect(flowOfTcpEntry('inbound', ended)).toMatchObject({
      verdict: 'FAILED',
      failure: 'ended before the upstream connection',
    });
  });
});

describe('inbound-refused', () => {
  const tags = { port: '8080', address: '10.0.0.66' };

  test('no filter chain took the connection', () => {
    const entry = { commonProperties: { customTags: tags, responseFlags: { noRouteFound: true } } };
    expect(flowOfTcpEntry('inbound-refused', entry)).toMatchObject({
      verdict: 'DENIED',
      transport: '',
      peerAddress: '10.0.0.66',
      failure: 'transport not accepted',
    });
  });

  test('the handshake failed', () => {
    const entry = { commonProperties: { customTags: { ...tags, failure: 'PEER_DID_NOT_RETURN_A_CERTIFICATE' } } };
    expect(flowOfTcpEntry('inbound-refused', entry)).toMatchObject({
      verdict: 'DENIED',
      failure: 'PEER_DID_NOT_RETURN_A_CERTIFICATE',
    });
  });

  test('a connection that went well is in another log', () => {
    expect(flowOfTcpEntry('inbound-refused', { commonProperties: { customTags: tags } })).toBeUndefined();
  });
});

describe('outbound', () => {
  const tags = {
    peer,
    tls_version: 'TLSv1.3',
    port: '80',
    address: '10.96.0.5',
    target: 'outbound|80||checkout.shop.svc.cluster.local',
    endpoint: '10.0.0.9:8080',
  };

  test('names the endpoint that took the call', () => {
    const entry = { commonProperties: { customTags: tags }, response: { responseCodeDetails: 'via_upstream' } };
    expect(flowOfHttpEntry('outbound', entry)).toMatchObject({
      isInbound: false,
      verdict: 'ALLOWED',
      transport: 'mtls',
      peerSpiffeId: peer,
      peerAddress: '10.0.0.9',
      port: 8080,
      target: tags.target,
      failure: '',
    });
  });

  test('a server of another name is a failure, and its transport is not called plaintext', () => {
    const customTags = { ...tags, peer: '', tls_version: '', failure: 'verify SAN list' };
    const entry = { commonProperties: { customTags, responseFlags: { upstreamConnectionFailure: true } } };
    expect(flowOfHttpEntry('outbound', entry)).toMatchObject({
      verdict: 'FAILED',
      transport: '',
      failure: 'verify SAN list',
    });
  });

  test('no endpoint is a failure with its reason', () => {
    const customTags = { port: '80', address: '10.96.0.5', target: tags.target };
    const entry = {
      commonProperties: { customTags, responseFlags: { noHealthyUpstream: true } },
      response: { responseCodeDetails: 'no_healthy_upstream' },
    };
    expect(flowOfHttpEntry('outbound', entry)).toMatchObject({
      verdict: 'FAILED',
      failure: 'no_healthy_upstream',
      port: 80,
    });
  });

  test('plaintext to an endpoint outside the mesh', () => {
    const customTags = { ...tags, peer: '-', tls_version: '-' };
    const entry = { commonProperties: { customTags, accessLogType: AccessLogType.TcpUpstreamConnected } };
    expect(flowOfTcpEntry('outbound', entry)).toMatchObject({ verdict: 'ALLOWED', transport: 'plaintext' });
  });
});
