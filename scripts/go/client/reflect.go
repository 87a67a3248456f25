// SPDX-License-Identifier: Apache-2.0
package main

import (
	"context"
	"flag"
	"fmt"
	"slices"
	"time"

	"google.golang.org/grpc"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"
	reflectionv1 "google.golang.org/grpc/reflection/grpc_reflection_v1"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/descriptorpb"
)

// runReflect prints the health of a listener and every service that it says it has, with the methods and types that its
// descriptors give, linked from nothing but what the server sent.
func runReflect(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("reflect", flag.ContinueOnError)
	to := &connection{}
	to.register(flags)
	limit := flags.Duration("timeout", 10*time.Second, "deadline of the whole")
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
	health, err := healthv1.NewHealthClient(channel).Check(ctx, &healthv1.HealthCheckRequest{})
	if err != nil {
		return err
	}
	printLine(map[string]any{"event": "health", "status": health.GetStatus().String()})
	return printServices(ctx, channel)
}

func printServices(ctx context.Context, channel *grpc.ClientConn) error {
	stream, err := reflectionv1.NewServerReflectionClient(channel).ServerReflectionInfo(ctx)
	if err != nil {
		return err
	}
	seen := &mirror{stream: stream, files: map[string]*descriptorpb.FileDescriptorProto{}}
	listed, err := seen.ask(&reflectionv1.ServerReflectionRequest{
		MessageRequest: &reflectionv1.ServerReflectionRequest_ListServices{},
	})
	if err != nil {
		return err
	}
	names := []string{}
	for _, service := range listed.GetListServicesResponse().GetService() {
		names = append(names, service.GetName())
	}
	slices.Sort(names)
	for _, name := range names {
		methods, err := seen.methodsOf(name)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		printLine(map[string]any{"event": "service", "name": name, "methods": methods})
	}
	return stream.CloseSend()
}

// mirror collects the files that a server hands out.
type mirror struct {
	stream reflectionv1.ServerReflection_ServerReflectionInfoClient
	files  map[string]*descriptorpb.FileDescriptorProto
}

func (m *mirror) ask(request *reflectionv1.ServerReflectionRequest) (*reflectionv1.ServerReflectionResponse, error) {
	if err := m.stream.Send(request); err != nil {
		return nil, err
	}
	response, err := m.stream.Recv()
	if err != nil {
		return nil, err
	}
	if refusal := response.GetErrorResponse(); refusal != nil {
		return nil, fmt.Errorf("%v: %s", refusal.GetErrorCode(), refusal.GetErrorMessage())
	}
	return response, nil
}

func (m *mirror) take(request *reflectionv1.ServerReflectionRequest) error {
	response, err := m.ask(request)
	if err != nil {
		return err
	}
	for _, body := range response.GetFileDescriptorResponse().GetFileDescriptorProto() {
		file := &descriptorpb.FileDescriptorProto{}
		if err := proto.Unmarshal(body, file); err != nil {
			return err
		}
		m.files[file.GetName()] = file
	}
	return m.takeImports()
}

// takeImports asks for what the files so far import, until nothing is missing.
func (m *mirror) takeImports() error {
	for _, file := range m.files {
		for _, name := range file.GetDependency() {
			if m.files[name] != nil {
				continue
			}
			return m.take(&reflectionv1.ServerReflectionRequest{
				MessageRequest: &reflectionv1.ServerReflectionRequest_FileByFilename{FileByFilename: name},
			})
		}
	}
	return nil
}

func (m *mirror) methodsOf(service string) ([]string, error) {
	if err := m.take(&reflectionv1.ServerReflectionRequest{
		MessageRequest: &reflectionv1.ServerReflectionRequest_FileContainingSymbol{FileContainingSymbol: service},
	}); err != nil {
		return nil, err
	}
	set := &descriptorpb.FileDescriptorSet{}
	for _, file := range m.files {
		set.File = append(set.File, file)
	}
	linked, err := protodesc.NewFiles(set)
	if err != nil {
		return nil, err
	}
	found, err := linked.FindDescriptorByName(protoreflect.FullName(service))
	if err != nil {
		return nil, err
	}
	description, ok := found.(protoreflect.ServiceDescriptor)
	if !ok {
		return nil, fmt.Errorf("the server has %T under this name", found)
	}
	methods := []string{}
	for index := range description.Methods().Len() {
		method := description.Methods().Get(index)
		methods = append(methods, fmt.Sprintf("%s(%s) returns (%s)", method.Name(), method.Input().FullName(), method.Output().FullName()))
	}
	return methods, nil
}
