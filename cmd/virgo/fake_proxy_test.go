package main

import (
	"bufio"
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync"

	"github.com/rogpeppe/go-internal/testscript"
)

// startProxy starts a proxy for CONNECT with a login until the script ends, sets PROXY to its
// host:port, and writes the requested addresses to a file, one a line: proxy USER:PASSWORD FILE. It
// connects every request to $ENDPOINT.
func startProxy(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: proxy USER:PASSWORD FILE")
	}
	login, requests := "Basic "+base64.StdEncoding.EncodeToString([]byte(args[0])), ts.MkAbs(args[1])
	ts.Check(os.WriteFile(requests, nil, 0o600))
	l, err := net.Listen("tcp", "127.0.0.1:0")
	ts.Check(err)
	ts.Setenv("PROXY", l.Addr().String())
	var wg sync.WaitGroup
	ts.Defer(func() {
		l.Close()
		wg.Wait()
	})
	endpoint := ts.Getenv("ENDPOINT")
	wg.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			wg.Go(func() {
				defer conn.Close()
				tunnel(conn, login, requests, endpoint)
			})
		}
	})
}

func tunnel(client net.Conn, login, requests, endpoint string) {
	r := bufio.NewReader(client)
	request, err := http.ReadRequest(r)
	if err != nil || request.Method != http.MethodConnect || request.Header.Get("Proxy-Authorization") != login {
		fmt.Fprint(client, "HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm=\"x\"\r\n\r\n")
		return
	}
	appendLine(requests, request.Host)
	server, err := net.Dial("tcp", endpoint)
	if err != nil {
		fmt.Fprint(client, "HTTP/1.1 502 Bad Gateway\r\n\r\n")
		return
	}
	defer server.Close()
	fmt.Fprint(client, "HTTP/1.1 200 OK\r\n\r\n")
	done := make(chan struct{})
	go func() {
		defer close(done)
		io.Copy(server, r)
		server.(*net.TCPConn).CloseWrite()
	}()
	io.Copy(client, server)
	client.Close()
	<-done
}

func appendLine(file, line string) {
	f, err := os.OpenFile(filepath.Clean(file), os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return
	}
	defer f.Close()
	fmt.Fprintln(f, line)
}
