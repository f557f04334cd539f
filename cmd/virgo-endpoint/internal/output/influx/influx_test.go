package influx

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"virgo/cmd/virgo-endpoint/internal/intake"
	"virgo/cmd/virgo-endpoint/internal/output"
	"virgo/collect/collecttest"
)

// What a real server has stored equals what was sent, also when it was sent twice.
func TestInfluxDB(t *testing.T) {
	program := collecttest.Program(t, "influxd", "influxdb")
	dir, address := t.TempDir(), "127.0.0.1:"+collecttest.FreePort(t)
	config := filepath.Join(dir, "influxdb.conf")
	text := fmt.Sprintf("reporting-disabled = true\nbind-address = \"127.0.0.1:%s\"\n[meta]\ndir = %q\n[data]\ndir = %q\nwal-dir = %q\n[http]\nbind-address = %q\n",
		collecttest.FreePort(t), dir+"/meta", dir+"/data", dir+"/wal", address)
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	collecttest.Serve(t, exec.Command(program, "-config", config), collecttest.Answers("tcp", address))
	base := "http://" + address
	ask := func(query string) [][]any {
		t.Helper()
		answer, err := http.PostForm(base+"/query", url.Values{"db": {"virgo"}, "q": {query}})
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		var doc struct {
			Results []struct {
				Error  string
				Series []struct{ Values [][]any }
			}
		}
		if err := json.NewDecoder(answer.Body).Decode(&doc); err != nil || len(doc.Results) != 1 || doc.Results[0].Error != "" {
			t.Fatalf("%s: %+v, %v", query, doc, err)
		}
		if len(doc.Results[0].Series) == 0 {
			return nil
		}
		return doc.Results[0].Series[0].Values
	}
	ask("CREATE DATABASE virgo")
	s, err := New(output.Config{Influx: base + "/write?db=virgo"})
	if err != nil {
		t.Fatal(err)
	}
	const n = 500
	var batch []output.Item
	begin := time.Now().Add(-n * time.Second).Truncate(time.Second)
	for i := range n {
		at := begin.Add(time.Duration(i) * time.Second)
		params := fmt.Sprintf(`{"metrics":[["eth0",{"rx_bytes":{"t":"uint64","v":"%d","u":"bytes"}}]]}`, i*1000)
		batch = append(batch, output.Item{Result: &intake.Result{Seq: int64(i), AgentID: "web 1,größer", CheckID: "net", CheckType: "agent.network",
			State: "available", Time: at, Received: at, Params: json.RawMessage(params)}})
	}
	for range 2 {
		if err := s.Send(t.Context(), batch); err != nil {
			t.Fatal(err)
		}
	}
	rows := ask(`SELECT rx_bytes FROM "agent.network" WHERE agent = 'web 1,größer'`)
	if len(rows) != n {
		t.Fatalf("%d points, want %d", len(rows), n)
	}
	for i, row := range rows {
		at, err := time.Parse(time.RFC3339, row[0].(string))
		if err != nil || !at.Equal(begin.Add(time.Duration(i)*time.Second)) || row[1].(float64) != float64(i*1000) {
			t.Fatalf("%d: %v", i, row)
		}
	}
}

// What is refused for ever is told from what may be taken later, and no error has a secret.
func TestAnswers(t *testing.T) {
	for status, refused := range map[int]bool{400: true, 401: false, 404: false, 429: false, 500: false, 302: false} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("Authorization") != "Token S3CRET" || r.Header.Get("Content-Encoding") != "gzip" {
				t.Errorf("%v", r.Header)
			}
			w.WriteHeader(status)
			fmt.Fprint(w, "field type conflict S3CRET")
		}))
		s, err := New(output.Config{Influx: server.URL + "/S3CRET-path", Token: func() string { return "S3CRET" }})
		if err != nil {
			t.Fatal(err)
		}
		err = s.Send(t.Context(), []output.Item{{Result: &intake.Result{CheckType: "a", Params: json.RawMessage(`{}`)}}})
		var r *output.Refused
		if err == nil || errors.As(err, &r) != refused || strings.Contains(err.Error(), "S3CRET") {
			t.Errorf("%d: %v", status, err)
		}
		server.Close()
		if err = s.Send(t.Context(), nil); err == nil || strings.Contains(err.Error(), "S3CRET") {
			t.Error(err)
		}
	}
}
