package airgap

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"virgo/cmd/internal/link"
	"virgo/spool/bundle"
	"virgo/transport"
	"virgo/transport/transporttest"
)

// features of an endpoint of today.
var features = []string{transport.FeaturePipelining, transport.FeatureResultID, transport.FeatureScheduleHash}

var testKey = ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize))

// sealedBundle is a bundle of agent far with these results' data.
func sealedBundle(t *testing.T, data ...string) *bundle.Reader {
	t.Helper()
	var buf bytes.Buffer
	w, err := bundle.NewWriter(&buf, bundle.Header{
		Agent: "far", Name: "far away", ID: bundle.NewID(), Created: time.UnixMilli(5e11), Version: "0.9",
	}, testKey, bundle.WriterOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for i, d := range data {
		r := bundle.Record{
			Order: uint64(i + 1), ID: fmt.Sprintf("far/%016x-%x", 0xabc, i+1),
			Made: time.UnixMilli(4e11), Data: []byte(d),
		}
		if err := w.Add(r); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	r, err := bundle.Open(bytes.NewReader(buf.Bytes()), int64(buf.Len()), bundle.ReaderOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func resultData(n int) (data []string) {
	for i := range n {
		data = append(data, fmt.Sprintf(`{"check_id":"c%d","check_type":"agent.cpu","state":"available",`+
			`"timestamp":1,"min_check_period":60000,"metrics":[]}`, i))
	}
	return data
}

// viaPipe is an agent that reaches an endpoint over a pipe, so that it can run in fake time.
func viaPipe(t *testing.T, e *transporttest.Endpoint) *link.Config {
	return &link.Config{
		ID: "near", Name: "near", Version: "0", Now: time.Now,
		Token:     func() (string, error) { return "T", nil },
		Endpoints: []string{"endpoint.example:443"},
		TLS:       transport.TLSConfig{Pins: []string{e.Pin()}},
		DialContext: func(context.Context, string, string) (net.Conn, error) {
			here, there := net.Pipe()
			go e.ServeTLS(there)
			return here, nil
		},
		Notice: t.Logf, Verbose: t.Logf,
	}
}

// The connection breaks after any number of bytes, either way: the next attempt goes on from there,
// and the endpoint stores each result once.
func TestDeliverAfterBrokenConnection(t *testing.T) {
	const results = 40
	cases := 0
	for _, announced := range [][]string{features, {transport.FeatureResultID}} {
		for at := 1; at < 12000; at += 149 {
			for _, out := range []bool{false, true} {
				cases++
				synctest.Test(t, func(t *testing.T) {
					script := transporttest.Script{Features: announced}
					e, err := transporttest.New(script)
					if err != nil {
						t.Fatal(err)
					}
					defer e.Close()
					cut := script
					if out {
						cut.CloseAfterOut = at
					} else {
						cut.CloseAfterIn = at
					}
					e.Set(cut)
					a := viaPipe(t, e)
					dial := a.DialContext
					dials := 0
					a.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
						if dials++; dials > 1 {
							e.Set(script)
						}
						return dial(ctx, network, address)
					}
					done, err := deliverAs(t.Context(), a, sealedBundle(t, resultData(results)...))
					if err != nil || done.Delivered != results || done.Refused != 0 || done.HasReceipts {
						t.Fatalf("cut at %d (out %v): %+v, %v", at, out, done, err)
					}
					stored := e.Stored()
					seen := make(map[string]bool)
					for _, s := range stored {
						if s.AgentID != "far" || seen[s.ResultID] {
							t.Fatalf("cut at %d: %s of %s is there twice, or another's", at, s.ResultID, s.AgentID)
						}
						seen[s.ResultID] = true
					}
					if len(seen) != results {
						t.Fatalf("cut at %d (out %v): %d results, want %d", at, out, len(seen), results)
					}
				})
			}
		}
	}
	t.Logf("%d cuts", cases)
}

func TestDeliverSpeaksForAnotherHost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e, err := transporttest.New(transporttest.Script{
			Features: features, Requests: []transporttest.Request{{Method: "system.info"}},
		})
		if err != nil {
			t.Fatal(err)
		}
		defer e.Close()
		if _, err := deliverAs(t.Context(), viaPipe(t, e), sealedBundle(t, resultData(2)...)); err != nil {
			t.Fatal(err)
		}
		var hello map[string]any
		if err := json.Unmarshal(e.Hello(), &hello); err != nil {
			t.Fatal(err)
		}
		if hello["agent_id"] != "far" || hello["agent_name"] != "far away" || hello["process_version"] != "0.9" ||
			hello["timestamp"] != nil || hello["schedule_hash"] != nil {
			t.Errorf("hello says %v", hello)
		}
		answers := e.Answers()
		if len(answers) != 1 || answers[0].Error == nil || answers[0].Error.Code != transport.CodeNotFound {
			t.Errorf("what is asked of another host is answered: %+v", answers)
		}
		for _, s := range e.Stored() {
			var p struct {
				Order, Age uint64
				Late       bool
			}
			if err := json.Unmarshal(s.Params, &p); err != nil || p.Order == 0 || !p.Late {
				t.Errorf("%s, %v", s.Params, err)
			}
		}
	})
}

// An agent whose key is good can seal anything.
func TestDeliverRefusesWhatIsNoResult(t *testing.T) {
	for _, bad := range []string{
		"", "{", "[]", "null", "{}", "{\"a\":1}\n{\"method\":\"x\"}", strings.Repeat("[", 100),
		`{"a":"` + strings.Repeat("x", bundle.MaxDataBytes-20) + `"}`,
	} {
		synctest.Test(t, func(t *testing.T) {
			e, err := transporttest.New(transporttest.Script{Features: features})
			if err != nil {
				t.Fatal(err)
			}
			defer e.Close()
			good := resultData(2)
			done, err := deliverAs(t.Context(), viaPipe(t, e), sealedBundle(t, good[0], bad, good[1]))
			if err != nil {
				t.Fatalf("%.20q: %v", bad, err)
			}
			for _, m := range e.Methods() {
				if m == "x" {
					t.Fatalf("%.20q makes a request of its own", bad)
				}
			}
			if done.Delivered+done.Refused != 3 || done.Delivered < 2 {
				t.Errorf("%.20q: %+v", bad, done)
			}
			if done.Refused > 0 && (len(done.Refusals) != 1 || done.Refusals[0].ID != "far/0000000000000abc-2") {
				t.Errorf("%.20q: %+v", bad, done.Refusals)
			}
		})
	}
}

func TestDeliverEndsWhereTheEndpointRefusesIt(t *testing.T) {
	for code, want := range map[int]error{401: transport.ErrAuth, 400: transport.ErrRefused} {
		synctest.Test(t, func(t *testing.T) {
			e, err := transporttest.New(transporttest.Script{HelloError: &transport.Error{Code: code, Message: "no"}})
			if err != nil {
				t.Fatal(err)
			}
			defer e.Close()
			done, err := deliverAs(t.Context(), viaPipe(t, e), sealedBundle(t, resultData(2)...))
			if !errors.Is(err, want) || done.Delivered != 0 {
				t.Errorf("%d: %+v, %v", code, done, err)
			}
		})
	}
}
