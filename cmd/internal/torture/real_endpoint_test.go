package torture

import (
	"bufio"
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"virgo/transport/transporttest"
)

// A storedResult is a result in an endpoint's store.
type storedResult struct {
	ResultID string
	CheckID  string
	Params   json.RawMessage
	// Order is the result's place in the order of its agent's results; 0 where none came.
	Order uint64
	// OffsetMS is the endpoint's clock minus the agent's, as stored; nil where unknown.
	OffsetMS *int64
}

// A realEndpoint is the real virgo-endpoint, serving on loopback until the test ends.
type realEndpoint struct {
	t                   testing.TB
	dir                 string
	address, pin, token string
}

func newRealEndpoint(t testing.TB) *realEndpoint {
	t.Helper()
	r := &realEndpoint{t: t, dir: filepath.Join(t.TempDir(), "endpoint")}
	var made struct{ Pin, Token string }
	r.runJSON(&made, "init", "--host", "127.0.0.1")
	r.pin = made.Pin
	r.runJSON(&made, "token", "add", "--uses", "0")
	r.token = made.Token // for any number of hosts
	// The default schedule would add results that the tests do not expect.
	if err := os.WriteFile(filepath.Join(r.dir, "schedules", "default.yaml"), []byte("[]\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program(t, "virgo-endpoint"), "serve", "--dir", r.dir, "--listen", "127.0.0.1:0", "--log-level", "warn")
	var log bytes.Buffer
	cmd.Stderr = &log
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
		if t.Failed() && log.Len() > 0 {
			t.Logf("the endpoint's log:\n%.4000s", log.String())
		}
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		cmd.Wait()
		t.Fatalf("the endpoint printed nothing: %v: %s", err, log.String())
	}
	r.address = strings.TrimPrefix(strings.TrimSpace(line), "listening on ")
	return r
}

// runJSON runs virgo-endpoint and decodes the document that it prints.
func (r *realEndpoint) runJSON(document any, args ...string) {
	r.t.Helper()
	cmd := exec.Command(program(r.t, "virgo-endpoint"), append(args, "--dir", r.dir, "--json")...)
	var errs bytes.Buffer
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil {
		r.t.Fatalf("virgo-endpoint %s: %v: %s", args[0], err, errs.String())
	}
	if err := json.Unmarshal(out, document); err != nil {
		r.t.Fatalf("virgo-endpoint %s prints no document: %v", args[0], err)
	}
}

// stored returns the results in the store, as virgo-endpoint lists them.
func (r *realEndpoint) stored() []storedResult {
	r.t.Helper()
	var doc struct {
		Results []struct {
			ResultID string          `json:"result_id"`
			CheckID  string          `json:"check_id"`
			Params   json.RawMessage `json:"params"`
			Order    uint64          `json:"order"`
			OffsetMS *int64          `json:"clock_offset_ms"`
		}
	}
	r.runJSON(&doc, "results", "--limit", "0")
	list := make([]storedResult, len(doc.Results))
	for i, a := range doc.Results {
		list[i] = storedResult{a.ResultID, a.CheckID, a.Params, a.Order, a.OffsetMS}
	}
	return list
}

// storedIn returns the results that a scriptable endpoint stored.
func storedIn(t testing.TB, e *transporttest.Endpoint) []storedResult {
	t.Helper()
	var list []storedResult
	for _, s := range e.Stored() {
		var p struct {
			CheckID string `json:"check_id"`
		}
		if err := json.Unmarshal(s.Params, &p); err != nil {
			t.Fatal(err)
		}
		list = append(list, storedResult{ResultID: s.ResultID, CheckID: p.CheckID, Params: s.Params})
	}
	return list
}

// newRecordingEndpoint is a scriptable endpoint that stores everything, with the features of a new endpoint.
func newRecordingEndpoint(t testing.TB) *transporttest.Endpoint {
	t.Helper()
	e, err := transporttest.Listen(transporttest.Script{Features: []string{
		"pipelining", "result_id", "schedule_hash", "post_multi", "post_multi_lz4",
	}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { e.Close() })
	return e
}
