// SPDX-License-Identifier: Apache-2.0
package main

import (
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/anypb"

	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	endpointv3 "github.com/envoyproxy/go-control-plane/envoy/config/endpoint/v3"
	hcmv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	tlsv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/transport_sockets/tls/v3"

	// Types that stand inside Any in what Signet sends; an Any of another type is passed over.
	_ "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	_ "github.com/envoyproxy/go-control-plane/envoy/config/rbac/v3"
	_ "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	_ "github.com/envoyproxy/go-control-plane/envoy/extensions/access_loggers/file/v3"
	_ "github.com/envoyproxy/go-control-plane/envoy/extensions/access_loggers/grpc/v3"
	_ "github.com/envoyproxy/go-control-plane/envoy/extensions/access_loggers/stream/v3"
	_ "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/common/matcher/action/v3"
	_ "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/rbac/v3"
	_ "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/router/v3"
	_ "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/set_filter_state/v3"
	_ "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/listener/http_inspector/v3"
	_ "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/listener/original_dst/v3"
	_ "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/listener/tls_inspector/v3"
	_ "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/rbac/v3"
	_ "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/tcp_proxy/v3"
	_ "github.com/envoyproxy/go-control-plane/envoy/extensions/transport_sockets/raw_buffer/v3"
	_ "github.com/envoyproxy/go-control-plane/envoy/extensions/upstreams/http/v3"
)

// nameOf is the name of a resource; load assignments call it cluster_name.
func nameOf(body *anypb.Any) string {
	message, err := body.UnmarshalNew()
	if err != nil {
		return ""
	}
	switch value := message.(type) {
	case *endpointv3.ClusterLoadAssignment:
		return value.GetClusterName()
	case interface{ GetName() string }:
		return value.GetName()
	}
	return ""
}

// collectReferences adds to `found` (short type → names) what a resource takes from ADS.
func collectReferences(body *anypb.Any, found map[string][]string) {
	message, err := body.UnmarshalNew()
	if err != nil {
		return
	}
	walk(message.ProtoReflect(), found)
}

func walk(message protoreflect.Message, found map[string][]string) {
	switch value := message.Interface().(type) {
	case *anypb.Any:
		collectReferences(value, found)
		return
	case *clusterv3.Cluster:
		if value.GetType() == clusterv3.Cluster_EDS {
			name := value.GetEdsClusterConfig().GetServiceName()
			if name == "" {
				name = value.GetName()
			}
			found["eds"] = append(found["eds"], name)
		}
	case *hcmv3.Rds:
		found["rds"] = append(found["rds"], value.GetRouteConfigName())
	case *hcmv3.HttpFilter:
		if isFromAds(value.GetConfigDiscovery().GetConfigSource()) {
			found["ecds"] = append(found["ecds"], value.GetName())
		}
	case *tlsv3.SdsSecretConfig:
		if isFromAds(value.GetSdsConfig()) {
			found["sds"] = append(found["sds"], value.GetName())
		}
	}
	message.Range(func(field protoreflect.FieldDescriptor, value protoreflect.Value) bool {
		walkField(field, value, found)
		return true
	})
}

func walkField(field protoreflect.FieldDescriptor, value protoreflect.Value, found map[string][]string) {
	switch {
	case field.IsMap():
		if field.MapValue().Message() != nil {
			value.Map().Range(func(_ protoreflect.MapKey, item protoreflect.Value) bool {
				walk(item.Message(), found)
				return true
			})
		}
	case field.Message() == nil:
	case field.IsList():
		for index := range value.List().Len() {
			walk(value.List().Get(index).Message(), found)
		}
	default:
		walk(value.Message(), found)
	}
}

func isFromAds(source *corev3.ConfigSource) bool {
	return source.GetAds() != nil
}
