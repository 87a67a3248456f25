// SPDX-License-Identifier: Apache-2.0

// Command client is a witness for the tests: it knows Signet from protos/ and Envoy from go-control-plane, and shares no code
// with the product. It prints one JSON object a line and exits 0, or 3 when the server answered with an error status, which
// the last line then shows.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

var commands = map[string]func(context.Context, []string) error{
	"issue":       runIssue,
	"istio-issue": runIstioIssue,
	"watch":       runWatch,
	"ads":         runAds,
	"reflect":     runReflect,
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	if len(os.Args) < 2 || commands[os.Args[1]] == nil {
		fmt.Fprintln(os.Stderr, "usage: client issue|istio-issue|watch|ads|reflect FLAGS (client COMMAND -help lists them)")
		os.Exit(2)
	}
	err := commands[os.Args[1]](ctx, os.Args[2:])
	var answered interface{ GRPCStatus() *status.Status }
	switch {
	case err == nil:
	case errors.Is(err, flag.ErrHelp):
		os.Exit(2)
	case errors.As(err, &answered):
		printStatus(answered.GRPCStatus())
		os.Exit(3)
	default:
		fmt.Fprintln(os.Stderr, "client:", err)
		os.Exit(1)
	}
}

// printLine writes one JSON line to stdout.
func printLine(value any) {
	text, err := json.Marshal(value)
	if err != nil {
		panic(err)
	}
	os.Stdout.Write(append(text, '\n'))
}

func printStatus(answer *status.Status) {
	line := map[string]any{"event": "error", "code": canonicalName(answer.Code()), "message": answer.Message()}
	for _, detail := range answer.Details() {
		if info, ok := detail.(*errdetails.ErrorInfo); ok {
			line["reason"] = info.GetReason()
			line["domain"] = info.GetDomain()
		}
	}
	printLine(line)
}

// canonicalName is the code as the gRPC specification writes it, for example PERMISSION_DENIED.
func canonicalName(code codes.Code) string {
	names := [...]string{
		"OK", "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND", "ALREADY_EXISTS",
		"PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION", "ABORTED", "OUT_OF_RANGE", "UNIMPLEMENTED",
		"INTERNAL", "UNAVAILABLE", "DATA_LOSS", "UNAUTHENTICATED",
	}
	if int(code) < len(names) {
		return names[code]
	}
	return code.String()
}
