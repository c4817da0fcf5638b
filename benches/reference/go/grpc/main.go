// Command grpc answers LogActivity by grpc-go and stores nothing: a reference of the benches.
//
// The package logs is generated from proto/logs/v1/logs.proto. After a change of that file, at the root of the repository,
// with protoc, protoc-gen-go v1.36.6 and protoc-gen-go-grpc v1.5.1 on PATH:
//
//	module=module=faultline/reference,Mlogs/v1/logs.proto=faultline/reference/logs
//	protoc -I proto --go_out=benches/reference/go --go_opt=$module \
//	  --go-grpc_out=benches/reference/go --go-grpc_opt=$module logs/v1/logs.proto
package main

import (
	"context"
	"fmt"
	"log"
	"net"

	"google.golang.org/grpc"

	"faultline/reference/logs"
)

type server struct {
	logs.UnimplementedLoggerServiceServer
}

func (server) LogActivity(_ context.Context, request *logs.LogRequest) (*logs.LogResponse, error) {
	entry := &logs.LogEntry{Name: request.GetName(), Data: request.GetData(), Id: request.GetId(), Via: request.GetVia()}
	return &logs.LogResponse{Message: "received", LogEntry: entry}, nil
}

func main() {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	grpcServer := grpc.NewServer()
	logs.RegisterLoggerServiceServer(grpcServer, server{})
	// The bench reads the address from the first line.
	fmt.Println(listener.Addr())
	log.Fatal(grpcServer.Serve(listener))
}
