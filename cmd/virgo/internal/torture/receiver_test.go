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

// An arrival is a result in an endpoint's store.
type arrival struct {
	ResultID string
	CheckID  string
	Params   json.RawMessage
	// Order is the result's place in the order of its agent's results; 0 where none came.
	Order uint64
	// OffsetMS is the endpoint's clock minus the agent's, as the endpoint keeps it; nil where it keeps none.
	OffsetMS *int64
}

// A receiver is the real virgo-endpoint, listening on loopback until the test ends.
type receiver struct {
	t                   testing.TB
	dir                 string
	address, pin, token string
}

func newReceiver(t testing.TB) *receiver {
	t.Helper()
	r := &receiver{t: t, dir: filepath.Join(t.TempDir(), "endpoint")}
	var made struct{ Pin, Token string }
	r.ask(&made, "init", "--host", "127.0.0.1")
	r.pin, r.token = made.Pin, made.Token
	// Its own checks would be results that no test has asked for.
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
		t.Fatalf("the endpoint said nothing: %v: %s", err, log.String())
	}
	r.address = strings.TrimPrefix(strings.TrimSpace(line), "listening on ")
	return r
}

// ask runs virgo-endpoint and reads the document that it prints.
func (r *receiver) ask(document any, args ...string) {
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

// arrivals gives what is stored, by the endpoint's own account.
func (r *receiver) arrivals() []arrival {
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
	r.ask(&doc, "results", "--limit", "0")
	list := make([]arrival, len(doc.Results))
	for i, a := range doc.Results {
		list[i] = arrival{a.ResultID, a.CheckID, a.Params, a.Order, a.OffsetMS}
	}
	return list
}

// inBooks gives what a scriptable endpoint stored.
func inBooks(t testing.TB, e *transporttest.Endpoint) []arrival {
	t.Helper()
	var list []arrival
	for _, s := range e.Stored() {
		var p struct {
			CheckID string `json:"check_id"`
		}
		if err := json.Unmarshal(s.Params, &p); err != nil {
			t.Fatal(err)
		}
		list = append(list, arrival{ResultID: s.ResultID, CheckID: p.CheckID, Params: s.Params})
	}
	return list
}

// newBooks is a scriptable endpoint that takes everything, as a new endpoint does.
func newBooks(t testing.TB) *transporttest.Endpoint {
	t.Helper()
	e, err := transporttest.Listen(transporttest.Script{Features: []string{"pipelining", "result_id", "schedule_hash"}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { e.Close() })
	return e
}
