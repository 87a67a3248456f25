// SPDX-License-Identifier: Apache-2.0
package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"flag"
	"fmt"
	"slices"
	"strings"
	"time"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	discoveryv3 "github.com/envoyproxy/go-control-plane/envoy/service/discovery/v3"
	statusv3 "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/types/known/anypb"
	"google.golang.org/protobuf/types/known/structpb"
)

var typeURLs = map[string]string{
	"lds":  "type.googleapis.com/envoy.config.listener.v3.Listener",
	"cds":  "type.googleapis.com/envoy.config.cluster.v3.Cluster",
	"eds":  "type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment",
	"rds":  "type.googleapis.com/envoy.config.route.v3.RouteConfiguration",
	"ecds": "type.googleapis.com/envoy.config.core.v3.TypedExtensionConfig",
	"sds":  "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret",
}

// session is one ADS stream of either variant, as its owner sees it.
type session struct {
	node *corev3.Node
	// names holds, for each type asked for, the names; no name means all.
	names map[string][]string
	// refuse names types whose first response is refused with a NACK.
	refuse        map[string]bool
	showResources bool
	send          func(subscription) error
}

// subscription is what both variants can say in one request.
type subscription struct {
	typeURL, version, nonce string
	// added holds the names that are new; names holds all of them.
	added, names []string
	refusal      *statusv3.Status
}

// received is what both variants can say in one response.
type received struct {
	typeURL, version, nonce string
	resources               []resource
	removed                 []string
}

type resource struct {
	name, version string
	body          *anypb.Any
}

func runAds(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("ads", flag.ContinueOnError)
	to := &connection{}
	to.register(flags)
	nodeID := flags.String("node-id", "", "node.id to present")
	metadata := flags.String("metadata", "{}", "node.metadata as JSON")
	isDelta := flags.Bool("delta", false, "speak the incremental variant")
	types := flags.String("types", "cds,lds", "types to subscribe to from the start, as wildcard: lds, cds")
	names := flags.String("names", "", "TYPE=NAME pairs, separated by commas, to subscribe to from the start")
	refuse := flags.String("nack", "", "types whose first response is refused")
	show := flags.Bool("resources", false, "print every resource in full")
	idle := flags.Duration("until-idle", 0, "end when nothing was received for this time")
	limit := flags.Duration("for", 10*time.Second, "end after this time; 0 means never")
	if err := flags.Parse(args); err != nil {
		return err
	}
	nodeMetadata := &structpb.Struct{}
	if err := protojson.Unmarshal([]byte(*metadata), nodeMetadata); err != nil {
		return fmt.Errorf("-metadata: %w", err)
	}
	channel, err := to.dial()
	if err != nil {
		return err
	}
	defer channel.Close()
	ctx, cancel := withLimit(ctx, *limit)
	defer cancel()
	s := &session{
		node:          &corev3.Node{Id: *nodeID, Metadata: nodeMetadata, UserAgentName: "signet-witness"},
		names:         map[string][]string{},
		refuse:        map[string]bool{},
		showResources: *show,
	}
	for _, short := range splitList(*refuse) {
		s.refuse[typeURLs[short]] = true
	}
	client := discoveryv3.NewAggregatedDiscoveryServiceClient(channel)
	open := openSotw
	if *isDelta {
		open = openDelta
	}
	send, receive, err := open(ctx, client, s.node)
	if err != nil {
		return err
	}
	s.send = send
	if err := s.start(splitList(*types), splitList(*names)); err != nil {
		return err
	}
	return s.follow(ctx, receive, *idle)
}

func splitList(text string) []string {
	if text == "" {
		return nil
	}
	return strings.Split(text, ",")
}

func (s *session) start(wildcards, pairs []string) error {
	for _, short := range wildcards {
		if typeURLs[short] == "" {
			return fmt.Errorf("unknown type %q", short)
		}
		s.names[typeURLs[short]] = nil
		if err := s.send(subscription{typeURL: typeURLs[short]}); err != nil {
			return err
		}
	}
	for _, pair := range pairs {
		short, name, ok := strings.Cut(pair, "=")
		if !ok || typeURLs[short] == "" {
			return fmt.Errorf("%q is not TYPE=NAME", pair)
		}
		if err := s.subscribe(typeURLs[short], []string{name}); err != nil {
			return err
		}
	}
	return nil
}

// subscribe asks for names that were not asked for before.
func (s *session) subscribe(typeURL string, names []string) error {
	added := []string{}
	for _, name := range names {
		if !slices.Contains(s.names[typeURL], name) && !slices.Contains(added, name) {
			added = append(added, name)
		}
	}
	if len(added) == 0 {
		return nil
	}
	s.names[typeURL] = append(s.names[typeURL], added...)
	return s.send(subscription{typeURL: typeURL, added: added, names: s.names[typeURL]})
}

// follow prints and acknowledges what comes and subscribes to what it refers to, as Envoy does.
func (s *session) follow(ctx context.Context, receive func() (*received, error), idle time.Duration) error {
	incoming, failed := make(chan *received), make(chan error, 1)
	go func() {
		for {
			response, err := receive()
			if err != nil {
				failed <- err
				return
			}
			incoming <- response
		}
	}()
	for {
		var quiet <-chan time.Time
		if idle > 0 {
			quiet = time.After(idle)
		}
		select {
		case response := <-incoming:
			if err := s.answer(response); err != nil {
				return err
			}
		case err := <-failed:
			return endOfStream(ctx, err)
		case <-quiet:
			return nil
		case <-ctx.Done():
			return nil
		}
	}
}

func (s *session) answer(response *received) error {
	acknowledgement := subscription{
		typeURL: response.typeURL, version: response.version, nonce: response.nonce, names: s.names[response.typeURL],
	}
	isRefused := s.refuse[response.typeURL]
	if isRefused {
		delete(s.refuse, response.typeURL)
		acknowledgement.refusal = &statusv3.Status{Code: int32(codes.InvalidArgument), Message: "refused by the witness"}
	}
	s.print(response, !isRefused)
	if err := s.send(acknowledgement); err != nil {
		return err
	}
	if isRefused {
		return nil
	}
	references := map[string][]string{}
	for _, item := range response.resources {
		collectReferences(item.body, references)
	}
	for _, short := range []string{"eds", "rds", "ecds", "sds"} {
		if err := s.subscribe(typeURLs[short], references[short]); err != nil {
			return err
		}
	}
	return nil
}

func (s *session) print(response *received, isAcknowledged bool) {
	resources := []map[string]any{}
	for _, item := range response.resources {
		sum := sha256.Sum256(item.body.GetValue())
		line := map[string]any{"name": item.name, "version": item.version, "sha256": hex.EncodeToString(sum[:])}
		if s.showResources {
			line["resource"] = resourceJSON(item.body)
		}
		resources = append(resources, line)
	}
	printLine(map[string]any{
		"event": "response", "typeUrl": response.typeURL, "version": response.version, "nonce": response.nonce,
		"resources": resources, "removed": append([]string{}, response.removed...), "acknowledged": isAcknowledged,
	})
}

func resourceJSON(body *anypb.Any) any {
	message, err := body.UnmarshalNew()
	if err != nil {
		return map[string]string{"error": err.Error()}
	}
	text, err := protojson.Marshal(message)
	if err != nil {
		return map[string]string{"error": err.Error()}
	}
	return json.RawMessage(text)
}
