package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"virgo/transport/transporttest"
)

// startEndpoint starts the fake endpoint for a folder until the script ends, and sets ENDPOINT and
// PIN: endpoint DIR.
func startEndpoint(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: endpoint DIR")
	}
	dir := ts.MkAbs(args[0])
	ts.Check(os.MkdirAll(dir, 0o755))
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- transporttest.Program(ctx, dir) }()
	ts.Defer(func() {
		cancel()
		<-done
	})
	address := awaitFile(ts, filepath.Join(dir, transporttest.AddressFile), done)
	ts.Setenv("ENDPOINT", address)
	ts.Setenv("PIN", strings.TrimSpace(ts.ReadFile(filepath.Join(dir, transporttest.PinFile))))
}

// awaitFile waits for a file and returns its text.
func awaitFile(ts *testscript.TestScript, path string, failed <-chan error) string {
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	limit := time.NewTimer(time.Minute)
	defer limit.Stop()
	for {
		if b, err := os.ReadFile(path); err == nil {
			return strings.TrimSpace(string(b))
		}
		select {
		case <-tick.C:
		case err := <-failed:
			ts.Fatalf("the fake endpoint ended: %v", err)
		case <-limit.C:
			ts.Fatalf("%s does not appear", path)
		}
	}
}

// await waits for a file that a program in the background creates: await FILE.
func await(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: await FILE")
	}
	awaitFile(ts, ts.MkAbs(args[0]), nil)
}

// storedIs checks how many results a fake endpoint accepted, and that each has an id and is there
// once: stored DIR N [CHECK_ID].
func storedIs(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: stored DIR N [CHECK_ID]")
	}
	want, err := strconv.Atoi(args[1])
	ts.Check(err)
	b, err := os.ReadFile(filepath.Join(ts.MkAbs(args[0]), transporttest.StoredFile))
	ts.Check(err)
	seen := make(map[string]bool)
	n := 0
	dec := json.NewDecoder(bytes.NewReader(b))
	for dec.More() {
		var s transporttest.Stored
		ts.Check(dec.Decode(&s))
		if s.ResultID == "" || seen[s.ResultID] {
			ts.Fatalf("result id %q is missing or duplicate", s.ResultID)
		}
		seen[s.ResultID] = true
		var p struct {
			CheckID string `json:"check_id"`
		}
		ts.Check(json.Unmarshal(s.Params, &p))
		if len(args) == 2 || p.CheckID == args[2] {
			n++
		}
	}
	if n != want {
		ts.Fatalf("%d results are stored, want %d:\n%s", n, want, b)
	}
}
