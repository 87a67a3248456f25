// SPDX-License-Identifier: Apache-2.0
package main

import (
	"context"
	"errors"
	"io"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	discoveryv3 "github.com/envoyproxy/go-control-plane/envoy/service/discovery/v3"
	"google.golang.org/protobuf/types/known/anypb"
)

type sendFunc = func(subscription) error

type receiveFunc = func() (*received, error)

// openSotw speaks the state of the world: each request names everything that is wanted.
func openSotw(ctx context.Context, client discoveryv3.AggregatedDiscoveryServiceClient, node *corev3.Node) (sendFunc, receiveFunc, error) {
	stream, err := client.StreamAggregatedResources(ctx)
	if err != nil {
		return nil, nil, err
	}
	versions, nonces := map[string]string{}, map[string]string{}
	send := func(s subscription) error {
		if s.nonce != "" {
			nonces[s.typeURL] = s.nonce
			if s.refusal == nil {
				versions[s.typeURL] = s.version
			}
		}
		return unlessEnded(stream.Send(&discoveryv3.DiscoveryRequest{
			Node: node, TypeUrl: s.typeURL, ResourceNames: s.names,
			VersionInfo: versions[s.typeURL], ResponseNonce: nonces[s.typeURL], ErrorDetail: s.refusal,
		}))
	}
	receive := func() (*received, error) {
		response, err := stream.Recv()
		if err != nil {
			return nil, err
		}
		result := &received{typeURL: response.GetTypeUrl(), version: response.GetVersionInfo(), nonce: response.GetNonce()}
		for _, body := range response.GetResources() {
			result.resources = append(result.resources, unwrap(body))
		}
		return result, nil
	}
	return send, receive, nil
}

// openDelta speaks the incremental variant: requests name changes of interest, responses changes of state.
func openDelta(ctx context.Context, client discoveryv3.AggregatedDiscoveryServiceClient, node *corev3.Node) (sendFunc, receiveFunc, error) {
	stream, err := client.DeltaAggregatedResources(ctx)
	if err != nil {
		return nil, nil, err
	}
	send := func(s subscription) error {
		return unlessEnded(stream.Send(&discoveryv3.DeltaDiscoveryRequest{
			Node: node, TypeUrl: s.typeURL, ResourceNamesSubscribe: s.added,
			ResponseNonce: s.nonce, ErrorDetail: s.refusal,
		}))
	}
	receive := func() (*received, error) {
		response, err := stream.Recv()
		if err != nil {
			return nil, err
		}
		result := &received{
			typeURL: response.GetTypeUrl(), version: response.GetSystemVersionInfo(), nonce: response.GetNonce(),
			removed: response.GetRemovedResources(),
		}
		for _, item := range response.GetResources() {
			result.resources = append(result.resources, resource{item.GetName(), item.GetVersion(), item.GetResource()})
		}
		return result, nil
	}
	return send, receive, nil
}

// unlessEnded passes over the end of a stream while sending: the reason for it comes with the next receive.
func unlessEnded(err error) error {
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}

// unwrap finds the name of a resource of the state-of-the-world variant, wrapped or not.
func unwrap(body *anypb.Any) resource {
	wrapper := &discoveryv3.Resource{}
	if body.MessageIs(wrapper) && body.UnmarshalTo(wrapper) == nil {
		return resource{wrapper.GetName(), wrapper.GetVersion(), wrapper.GetResource()}
	}
	return resource{name: nameOf(body), body: body}
}
