package main

import (
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
)

// Scripts of a host's owner, which would do what an attacker wants.
const (
	readScript = `return check {
  summary = "reads a file",
  details = { path = { kind = "path", required = true, doc = "file" } },
  needs = { files = { "${path}" } },
  run = function(details)
    local text, err = file.read(details.path)
    if not text then unavailable(err) end
    metric("text", "string", text)
  end,
}
`
	fetchScript = `return check {
  summary = "fetches a page",
  details = { url = { kind = "url", required = true, doc = "page" } },
  needs = { http = { "${url}" } },
  run = function(details)
    local answer, err = http.get(details.url)
    if not answer then unavailable(err) end
    metric("text", "string", answer.body)
  end,
}
`
	connectScript = `return check {
  summary = "connects",
  details = { host = { kind = "host", required = true, doc = "host" }, port = { kind = "port", required = true, doc = "port" } },
  needs = { tcp = { "${host}:${port}" } },
  run = function(details)
    local conn, err = net.tcp(details.host, details.port)
    if not conn then unavailable(err) end
    metric("connected", "bool", true)
  end,
}
`
)

// withScripts writes the scripts, a secret, and a page and a port that nobody may reach.
func withScripts(t *testing.T) (a *takenOver, secret, page, port string, reached *atomic.Int64) {
	t.Helper()
	a = newTakenOver(t)
	a.write("scripts/read.lua", readScript, 0o644)
	a.write("scripts/fetch.lua", fetchScript, 0o644)
	a.write("scripts/connect.lua", connectScript, 0o644)
	secret = a.write("secret.txt", "xyzzy\n", 0o600)
	reached = new(atomic.Int64)
	inner := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		reached.Add(1)
		fmt.Fprint(w, "xyzzy")
	}))
	t.Cleanup(inner.Close)
	_, port, err := net.SplitHostPort(inner.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	return a, secret, inner.URL, port, reached
}

func (a *takenOver) wantNothing(got string, reached *atomic.Int64) {
	a.t.Helper()
	if strings.Contains(got, "xyzzy") || strings.Contains(got, `"state":"available"`) || reached.Load() > 0 {
		a.t.Errorf("an attack succeeded, %d connections: %s", reached.Load(), got)
	}
}

func TestEndpointCannotRunScriptsOfAHost(t *testing.T) {
	for _, rules := range []string{"", "remote: {checks: [figures, scripts]}\n"} {
		a, secret, page, port, reached := withScripts(t)
		a.schedule("script.read", map[string]any{"path": secret})
		a.schedule("script.fetch", map[string]any{"url": page})
		a.schedule("script.connect", map[string]any{"host": "127.0.0.1", "port": port})
		a.schedule("script.../../bin/sh", nil)
		got := a.run(rules + "scripts: [declared]\n")
		a.wantNothing(got, reached)
		if n := strings.Count(got, "not allowed by this host's owner: script."); n < 3 {
			t.Errorf("%q: %d are refused: %s", rules, n, got)
		}
	}
}

func TestEndpointCannotSteerScriptsOfAHost(t *testing.T) {
	a, secret, page, port, reached := withScripts(t)
	outer := httptest.NewServer(http.RedirectHandler(page, http.StatusFound))
	defer outer.Close()
	allowed := filepath.Dir(a.write("allowed/plain", "plain\n", 0o644))
	for link, target := range map[string]string{"link": secret, "folder": a.dir} {
		if err := os.Symlink(target, filepath.Join(allowed, link)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Link(filepath.Join(a.dir, "secret.txt"), filepath.Join(a.dir, "other")); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{
		secret, allowed + "/../secret.txt", allowed + "/link", allowed + "/folder/secret.txt", allowed + "/*", "/proc/self/environ",
		"/proc/self/root" + secret, allowed + "/../virgo.yaml", allowed + "/folder/state/key",
	} {
		a.schedule("script.read", map[string]any{"path": path})
	}
	for _, url := range []string{
		page, outer.URL, outer.URL + "@127.0.0.1:" + port, "http://localhost:" + port, "http://0x7f.1:" + port, "http://[::ffff:127.0.0.1]:" + port,
	} {
		a.schedule("script.fetch", map[string]any{"url": url})
	}
	for _, host := range []string{"127.0.0.1", "127.1", "localhost", "localhost.", "::ffff:127.0.0.1", "0.0.0.0", "2130706433"} {
		a.schedule("script.connect", map[string]any{"host": host, "port": port})
	}
	got := a.run("remote:\n  checks:\n" +
		"    - {type: script.read, path: '" + allowed + "/**'}\n" +
		"    - {type: script.fetch, url: '" + outer.URL + "/**'}\n" +
		"    - {type: script.connect, host: localhost, deny: true}\n" +
		"    - {type: script.connect, host: '*', port: any}\n") // labels of names, of which localhost is one
	a.wantNothing(got, reached)

	// What the owner allows, the same scripts do.
	a, _, _, port, _ = withScripts(t)
	allowed = filepath.Dir(a.write("allowed/plain", "plain\n", 0o644))
	a.schedule("script.read", map[string]any{"path": allowed + "/plain"})
	a.schedule("script.connect", map[string]any{"host": "127.0.0.1", "port": port})
	got = a.run("remote:\n  checks:\n    - {type: script.read, path: '" + allowed + "/**'}\n    - {type: script.connect, host: 127.0.0.1, port: any}\n")
	if !strings.Contains(got, `plain`) || !strings.Contains(got, `"connected"`) || strings.Contains(got, `"state":"unavailable"`) {
		t.Errorf("what is allowed: %s", got)
	}
}
