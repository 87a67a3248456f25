// SPDX-License-Identifier: Apache-2.0
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"io"
	"strings"
	"time"

	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protojson"

	discoveryv1 "signet.dev/scripts/client/generated/signet/discovery/v1"
)

// runWatch prints every event of the inventory as {"event": KIND, KIND: {…}}.
func runWatch(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("watch", flag.ContinueOnError)
	to := &connection{}
	to.register(flags)
	kinds := flags.String("kinds", "", "kinds to watch, separated by commas; all by default")
	untilSynced := flags.Bool("until-synced", false, "end when the present state has been received")
	limit := flags.Duration("for", 0, "end after this time; 0 means never")
	if err := flags.Parse(args); err != nil {
		return err
	}
	channel, err := to.dial()
	if err != nil {
		return err
	}
	defer channel.Close()
	ctx, cancel := withLimit(ctx, *limit)
	defer cancel()
	message := &discoveryv1.WatchInventoryRequest{}
	if *kinds != "" {
		message.Kinds = strings.Split(*kinds, ",")
	}
	stream, err := discoveryv1.NewInventoryClient(channel).WatchInventory(ctx, message)
	if err != nil {
		return err
	}
	for {
		event, err := stream.Recv()
		if err != nil {
			return endOfStream(ctx, err)
		}
		body, err := protojson.Marshal(event)
		if err != nil {
			return err
		}
		fields := map[string]any{}
		if err := json.Unmarshal(body, &fields); err != nil {
			return err
		}
		for kind, value := range fields {
			printLine(map[string]any{"event": kind, kind: value})
		}
		if *untilSynced && event.GetRevision().GetSynced() {
			return nil
		}
	}
}

func withLimit(ctx context.Context, limit time.Duration) (context.Context, context.CancelFunc) {
	if limit == 0 {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(ctx, limit)
}

// endOfStream tells an end that was asked for (time limit, signal, end of file) from an error of the server.
func endOfStream(ctx context.Context, err error) error {
	if ctx.Err() != nil || errors.Is(err, io.EOF) {
		return nil
	}
	if answer, ok := status.FromError(err); ok {
		return answer.Err()
	}
	return err
}
