// Command http is the ping of the broker by Go's net/http, and nothing else: a reference of the benches.
package main

import (
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
)

const greeting = `{"error":false,"message":"the broker works"}`

func main() {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	http.HandleFunc("POST /{$}", func(answer http.ResponseWriter, request *http.Request) {
		if _, err := io.Copy(io.Discard, request.Body); err != nil {
			return
		}
		answer.Header().Set("Content-Type", "application/json")
		io.WriteString(answer, greeting)
	})
	// The bench reads the address from the first line.
	fmt.Println(listener.Addr())
	log.Fatal(http.Serve(listener, nil))
}
