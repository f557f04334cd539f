package fleet

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"virgo/spool/lz4"
	"virgo/transport/agentkey"
)

func newTestFleet(t *testing.T) *Fleet {
	t.Helper()
	tm, err := NewTemplate(captured())
	if err != nil {
		t.Fatal(err)
	}
	f := New("host-", 3, tm)
	f.Compress = lz4.Append
	return f
}

// A posted is what a test reads of a result.
type posted struct {
	ID        string `json:"result_id"`
	Order     uint64 `json:"order"`
	Timestamp int64
	Late      bool
	AgeMS     int64 `json:"age_ms"`
}

// resultsOf returns the results of all requests.
func resultsOf(t *testing.T, out []byte) (all []posted) {
	t.Helper()
	for n, line := range bytes.Split(bytes.TrimSpace(out), []byte("\n")) {
		var f struct {
			ID     int
			Source string
			Method string
			Params json.RawMessage
		}
		if err := json.Unmarshal(line, &f); err != nil || f.ID != n || f.Source != "host-000002" {
			t.Fatalf("%.300s: %v", line, err)
		}
		var many struct {
			Results []posted
			LZ4     []byte `json:"results_lz4"`
			Raw     int    `json:"raw_bytes"`
		}
		switch f.Method {
		case "check_metrics.post":
			many.Results = make([]posted, 1)
			if err := json.Unmarshal(f.Params, &many.Results[0]); err != nil {
				t.Fatal(err)
			}
		default:
			if err := json.Unmarshal(f.Params, &many); err != nil {
				t.Fatal(err)
			}
			if many.LZ4 != nil {
				raw, err := lz4.Expand(nil, many.LZ4, many.Raw)
				if err == nil {
					err = json.Unmarshal(raw, &many.Results)
				}
				if err != nil {
					t.Fatal(err)
				}
			}
		}
		all = append(all, many.Results...)
	}
	return all
}

// Each form of a backlog says the same.
func TestBacklogInEachForm(t *testing.T) {
	var first []posted
	for _, accepts := range []Accepts{{}, {Multi: true}, {Multi: true, LZ4: true}} {
		f := newTestFleet(t)
		f.Connect("", accepts)
		w := f.NewWorker()
		w.appendBacklog(2, 5, Past{Runs: 900, Every: time.Minute, Until: time.Hour})
		all := resultsOf(t, w.out)
		if len(all) != 1800 || sumOf(w.pending) != 1800 || accepts.Multi && len(w.pending) < 2 {
			t.Fatalf("%+v: %d results, pending %v", accepts, len(all), w.pending)
		}
		for i := range all { // the clock went on between the forms
			if want := f.now() - all[i].AgeMS - all[i].Timestamp; want < 0 || want > 60_000 || !all[i].Late {
				t.Fatalf("result %d: %+v", i, all[i])
			}
			all[i].Timestamp = 0
		}
		if all[0].ID != fmt.Sprintf("host-000002/%016x-9", f.start(2)) || all[0].Order != 9 || all[1799].AgeMS != time.Hour.Milliseconds() {
			t.Errorf("%+v … %+v", all[0], all[1799])
		}
		if first == nil {
			first = all
		}
		if !slices.Equal(first, all) {
			t.Errorf("%+v: other results", accepts)
		}
	}
}

func sumOf(list []int) (n int) {
	for _, v := range list {
		n += v
	}
	return n
}

func TestRunInEachForm(t *testing.T) {
	for _, accepts := range []Accepts{{}, {Multi: true, LZ4: true}} {
		f := newTestFleet(t)
		f.Connect("", accepts)
		w := f.NewWorker()
		w.appendRun(2, 3, 1234)
		all := resultsOf(t, w.out)
		if len(all) != 2 || all[1].Order != 6 || all[1].Timestamp != 1234 || all[1].Late {
			t.Errorf("%+v: %+v", accepts, all)
		}
	}
}

func TestKeysOfHosts(t *testing.T) {
	f := newTestFleet(t)
	var text strings.Builder
	if err := f.WriteKeys(&text); err != nil {
		t.Fatal(err)
	}
	for i, line := range strings.Split(strings.TrimSpace(text.String()), "\n") {
		id, encoded, _ := strings.Cut(line, " ")
		key, err := agentkey.Parse(encoded)
		if err != nil || id != f.ID(i) || !key.Equal(f.hosts[i].key.Public().(ed25519.PublicKey)) {
			t.Errorf("%s: %v", line, err)
		}
	}
	if f.hosts[0].public == f.hosts[1].public || base64.StdEncoding.EncodeToString(f.hosts[0].key[32:]) != string(f.hosts[0].public[:]) {
		t.Error("keys")
	}
}
