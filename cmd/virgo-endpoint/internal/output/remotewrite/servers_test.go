package remotewrite

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"virgo/cmd/virgo-endpoint/internal/feed"
	"virgo/cmd/virgo-endpoint/internal/intake"
	"virgo/cmd/virgo-endpoint/internal/output"
	"virgo/cmd/virgo-endpoint/internal/watch/watchtest"
	"virgo/collect/collecttest"
)

// results are n of a host, one a second until now, each with three numbers and a text.
func results(n int) []output.Item {
	var list []output.Item
	begin := time.Now().Add(-time.Duration(n) * time.Second).Truncate(time.Second)
	for i := range n {
		at := begin.Add(time.Duration(i) * time.Second)
		list = append(list, output.Item{Host: output.Host{ID: "web1-id", Name: `web "1" größer`},
			Result: &intake.Result{Seq: int64(i), CheckID: "root", CheckType: "agent.filesystem", State: "available", Time: at, Received: at},
			Metrics: []intake.Metric{{Dimension: "/", Name: "used", Type: "uint64", Value: strconv.Itoa(1000 + i), Unit: "KILOBYTES"},
				{Dimension: "/srv", Name: "used", Type: "uint64", Value: strconv.Itoa(i), Unit: "KILOBYTES"},
				{Dimension: "/", Name: "free", Type: "double", Value: "0.25", Unit: ""}, {Name: "note", Type: "string", Value: "text"}}})
	}
	return list
}

// matrix asks a server of Prometheus' API for the samples of series in the last hour.
func matrix(t *testing.T, base, query string) map[string][][2]string {
	t.Helper()
	answer, err := http.Get(base + "/api/v1/query?query=" + url.QueryEscape(query+"[2h]"))
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	var doc struct {
		Data struct {
			Result []struct {
				Metric map[string]string
				Values [][2]any
			}
		}
	}
	if err := json.Unmarshal(body, &doc); err != nil {
		t.Fatalf("%v: %s", err, body)
	}
	got := make(map[string][][2]string)
	for _, r := range doc.Data.Result {
		key, err := json.Marshal(r.Metric)
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range r.Values {
			got[string(key)] = append(got[string(key)], [2]string{fmt.Sprintf("%.0f", v[0]), fmt.Sprint(v[1])})
		}
	}
	return got
}

// What is stored equals what was sent, also when a batch came twice.
func compare(t *testing.T, base, path string) {
	t.Helper()
	s, err := New(output.Config{RemoteWrite: base + path, Labels: [][2]string{{"site", "a"}}}, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	sent := results(1000)
	for begin := 0; begin < len(sent); begin += 300 {
		for range 2 {
			if err := s.Send(t.Context(), sent[begin:min(begin+300, len(sent))]); err != nil {
				t.Fatal(err)
			}
		}
	}
	want := make(map[string][][2]string)
	for _, one := range gather(sent, s.labels) {
		labels := make(map[string]string)
		for _, l := range one.labels {
			labels[l[0]] = l[1]
		}
		key, err := json.Marshal(labels)
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range one.samples {
			want[string(key)] = append(want[string(key)], [2]string{strconv.FormatInt(v.ms/1000, 10), strconv.FormatFloat(v.value, 'f', -1, 64)})
		}
	}
	if len(want) != 4 {
		t.Fatalf("series: %d", len(want))
	}
	// A server may show what it took a moment later.
	var got map[string][][2]string
	for end := time.Now().Add(time.Minute); time.Now().Before(end); {
		if got = matrix(t, base, `{site="a"}`); fmt.Sprint(got) == fmt.Sprint(want) {
			return
		}
		wait(t)
	}
	for key, samples := range want {
		if fmt.Sprint(got[key]) != fmt.Sprint(samples) {
			t.Errorf("%s: %d samples, want %d", key, len(got[key]), len(samples))
		}
	}
	t.Errorf("%d series, want %d", len(got), len(want))
}

// wait waits a little, and not beyond the test.
func wait(t *testing.T) {
	select {
	case <-t.Context().Done():
	case <-time.After(200 * time.Millisecond):
	}
}

// servePrometheus starts one with a configuration, and returns its URL.
func servePrometheus(t *testing.T, text string) string {
	t.Helper()
	program := collecttest.Program(t, "prometheus", "prometheus")
	dir, address := t.TempDir(), "127.0.0.1:"+collecttest.FreePort(t)
	config := filepath.Join(dir, "prometheus.yml")
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	collecttest.Serve(t, exec.Command(program, "--config.file="+config, "--storage.tsdb.path="+dir+"/data", "--web.listen-address="+address,
		"--web.enable-remote-write-receiver"), collecttest.Answers("tcp", address))
	// It listens before it can store.
	base := "http://" + address
	for end := time.Now().Add(time.Minute); ; wait(t) {
		answer, err := http.Get(base + "/-/ready")
		if err == nil {
			answer.Body.Close()
		}
		switch {
		case err == nil && answer.StatusCode == http.StatusOK:
			return base
		case time.Now().After(end):
			t.Fatalf("it is not ready: %v", err)
		}
	}
}

func TestPrometheus(t *testing.T) {
	compare(t, servePrometheus(t, "storage: {tsdb: {out_of_order_time_window: 30d}}\n"), "/api/v1/write")
}

// A Prometheus that takes nothing late refuses what comes late alone: it counts, is not sent again, and the cursor says what to do.
func TestPrometheusTakesNothingLate(t *testing.T) {
	config := output.Config{Name: "prom", RemoteWrite: servePrometheus(t, "") + "/api/v1/write"}
	s, err := New(config, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	var memory watchtest.Memory
	o, _, err := output.Open(t.Context(), output.Options{Config: config, Sink: s, Cursors: memory.Cursors(), Now: time.Now, Log: slog.New(slog.DiscardHandler),
		Newest: func(context.Context) (int64, error) { return 0, nil },
		Hosts:  func(context.Context, intake.AgentNumber) (output.Host, error) { return output.Host{ID: "web1-id"}, nil }})
	if err != nil {
		t.Fatal(err)
	}
	var sent []feed.Item
	for _, one := range results(20) {
		sent = append(sent, feed.Item{Result: one.Result, Metrics: one.Metrics})
	}
	other := *sent[7].Result
	other.CheckID = "another" // its series have nothing later
	sent[7].Result = &other
	for _, batch := range [][]feed.Item{sent[10:], sent[:10]} {
		if err := o.Take(t.Context(), batch); err != nil {
			t.Fatal(err)
		}
	}
	c, _, err := memory.Cursors().Cursor(t.Context(), "prom")
	if err != nil || c.Sent != 11 || c.Refused != 9 || c.Seq != 9 || !strings.Contains(c.Err, "out_of_order_time_window") {
		t.Errorf("%+v, %v", c, err)
	}
}

func TestVictoriaMetrics(t *testing.T) {
	program := collecttest.Program(t, "victoria-metrics", "victoria-metrics")
	dir, address := t.TempDir(), "127.0.0.1:"+collecttest.FreePort(t)
	collecttest.Serve(t, exec.Command(program, "-storageDataPath="+dir, "-httpListenAddr="+address, "-dedup.minScrapeInterval=1ms", "-search.latencyOffset=0s"),
		collecttest.Answers("tcp", address))
	compare(t, "http://"+address, "/api/v1/write")
}
