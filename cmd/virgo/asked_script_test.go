package main

import (
	"net"
	"os"
	"path/filepath"
	"regexp"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"virgo/transport/transporttest"
)

// answeredIs waits until an agent has answered the requests of a fake endpoint with a text that
// matches the pattern: answered DIR PATTERN.
func answeredIs(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: answered DIR PATTERN")
	}
	pattern, err := regexp.Compile("(?m)" + args[1])
	ts.Check(err)
	path := filepath.Join(ts.MkAbs(args[0]), transporttest.AnswersFile)
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	var b []byte
	for limit := time.Now().Add(time.Minute); time.Now().Before(limit); <-tick.C {
		if b, err = os.ReadFile(path); err == nil && pattern.Match(b) {
			return
		}
	}
	ts.Fatalf("the answers do not match %q:\n%s", args[1], b)
}

// listens starts a TCP server on loopback that sends a banner, until the script ends, and sets a
// variable to its port: listens VARIABLE.
func listens(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: listens VARIABLE")
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	ts.Check(err)
	ts.Defer(func() { l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			conn.Write([]byte("220 good day\r\n"))
			conn.Close()
		}
	}()
	_, port, err := net.SplitHostPort(l.Addr().String())
	ts.Check(err)
	ts.Setenv(args[0], port)
}
