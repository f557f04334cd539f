package server

import (
	"bytes"
	"crypto/tls"
	"io"
	"net/http"
	"testing"
	"testing/synctest"
	"time"
)

func TestHTTPOnTheSamePort(t *testing.T) {
	site := newSite(t)
	r := site.start(t)
	client := &http.Client{Transport: &http.Transport{
		TLSClientConfig:   &tls.Config{RootCAs: site.roots, ServerName: "localhost"},
		ForceAttemptHTTP2: true,
	}}
	defer client.CloseIdleConnections()
	for _, test := range []struct {
		method, path string
		code         int
		body         string
	}{
		{"GET", "/upgrades/stable/VERSION", 200, "0.0.0-0\n"},
		{"HEAD", "/upgrades/stable/VERSION", 200, ""},
		{"GET", "/upgrades/stable/agent-linux", 404, "404 page not found\n"},
		{"GET", "/upgrades//VERSION", 404, "404 page not found\n"},
		{"GET", "/upgrades/../VERSION", 404, "404 page not found\n"},
		{"GET", "/", 404, "404 page not found\n"},
		{"POST", "/upgrades/stable/VERSION", 404, "404 page not found\n"},
		{"DELETE", "/", 404, "404 page not found\n"},
	} {
		req, err := http.NewRequestWithContext(t.Context(), test.method, "https://"+r.addr+test.path, nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if err != nil || resp.StatusCode != test.code || string(body) != test.body {
			t.Errorf("%s %s: %d %q, %v", test.method, test.path, resp.StatusCode, body, err)
		}
	}
	// JSON-RPC goes on beside it.
	r.dial(t).Hello("a", site.token)
}

// A connection that spoke HTTP gives its place back.
func TestHTTPConnectionsAreCounted(t *testing.T) {
	withFakeClock(t, Limits{Connections: 1}, func(t *testing.T, r *running, l *pipeListener) {
		for range 3 {
			p := r.over(t, l.dial())
			p.Write("GET /upgrades/stable/VERSION HTTP/1.0\r\n\r\n")
			answer, err := io.ReadAll(p.Conn)
			if err != nil || !bytes.HasSuffix(answer, []byte("0.0.0-0\n")) {
				t.Fatalf("%q, %v", answer, err)
			}
			synctest.Wait()
		}
	})
}

// A connection is closed after its first answer, and after the time for hello without a request.
func TestHTTPConnectionsAreNotKept(t *testing.T) {
	withFakeClock(t, Limits{}, func(t *testing.T, r *running, l *pipeListener) {
		p := r.over(t, l.dial())
		began := time.Now()
		p.Write("GET /upgrades/stable/VERSION HTTP/1.1\r\nHost: x\r\nConnection: keep-alive\r\n\r\n")
		answer, err := io.ReadAll(p.Conn)
		if err != nil || !bytes.Contains(answer, []byte("Connection: close\r\n")) || time.Since(began) > time.Second {
			t.Fatalf("%q, %v, after %v", answer, err, time.Since(began))
		}
		p = r.over(t, l.dial())
		p.Write("GET /upgrades/stable/VERSION HTTP/1.1\r\n")
		wantClosedAfter(t, p.Conn, time.Now(), 5*time.Second)
	})
}
