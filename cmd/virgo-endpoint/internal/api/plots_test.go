package api

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"testing"
	"time"
)

func TestPlotsHaveWhatWasSent(t *testing.T) {
	s := serve(t)
	s.fill()
	since := epoch.Add(-time.Hour).UTC().Format(time.RFC3339)
	a := s.get("/v1/agents/web1/plots?more=true&since=" + since)
	if !bytes.Contains(a.body, []byte(`"metric":"usage","y":[1.5,2]`)) || !bytes.Contains(a.body, []byte(`"x":[1699999820000,60000]`)) {
		t.Errorf("%s", a.body)
	}
	a = s.get("/v1/agents/web1/timeline?since=" + since)
	if !bytes.Contains(a.body, []byte(`{"state":"unavailable","from_ms":1699999940000,"to_ms":1700000000000,`)) {
		t.Errorf("%s", a.body)
	}
	a = s.get("/v1/figures?type=agent.cpu&figure=metric/usage&top=2&since=" + since)
	ranked := a.json(t)["ranked"].([]any)
	if len(ranked) != 2 || ranked[0].(map[string]any)["agent_id"] != "web2" || ranked[1].(map[string]any)["agent_id"] != "ä%_" {
		t.Errorf("%s", a.body)
	}
}

func TestLossesAreTold(t *testing.T) {
	s := serve(t)
	s.put("web1", "agent.virgo.loss", `{"state":"unavailable","status":"7 results lost","metrics":[["space",{"lost_results":{"t":"uint64","v":"7","u":"results"},"lost_from_ms":{"t":"int64","v":"5"}}]]}`)
	a := s.get("/v1/agents/web1/losses")
	if !bytes.Contains(a.body, []byte(`"causes":[{"cause":"space","results":7,"bytes":null,"from_ms":5,`)) {
		t.Errorf("%s", a.body)
	}
}

// Answers are the same whether they are compressed or not, and streams go on as they are.
func TestAnswersAreCompressed(t *testing.T) {
	s := serve(t)
	s.fill()
	for path, small := range map[string]bool{"/v1/agents/web1/plots": true, "/v1/agents": true, "/metrics": true, "/v1/results": false, "/v1/agents/nobody": false} {
		read := func(encoding string) (string, string) {
			r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.url+path, nil)
			if err != nil {
				t.Fatal(err)
			}
			r.Header.Set("Authorization", "Bearer "+s.token)
			r.Header.Set("Accept-Encoding", encoding)
			resp, err := http.DefaultClient.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			var body io.Reader = resp.Body
			if got := resp.Header.Get("Content-Encoding"); got == "gzip" {
				if body, err = gzip.NewReader(body); err != nil {
					t.Fatal(err)
				}
			}
			data, err := io.ReadAll(body)
			if err != nil {
				t.Fatal(err)
			}
			return string(data), resp.Header.Get("Content-Encoding")
		}
		plain, none := read("identity")
		text, encoding := read("gzip")
		if path == "/metrics" { // counts its own requests
			plain, text = "", ""
		}
		if plain != text || none != "" || (encoding == "gzip") != small {
			t.Errorf("%s: %q\n%s\n%s", path, encoding, plain, text)
		}
	}
}
