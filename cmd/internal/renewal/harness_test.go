package renewal

import (
	"bufio"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"virgo/cmd/internal/installed"
	"virgo/cmd/internal/link"
	"virgo/schedule/scriptbundle"
	"virgo/schedule/signature"
	"virgo/schedule/yaml/full"
	"virgo/spool"
	"virgo/transport"
	"virgo/transport/transporttest"
)

// A fakeEndpoint has sessions and files on one port, as virgo-endpoint has.
type fakeEndpoint struct {
	*transporttest.Endpoint
	mu       sync.Mutex
	offer    any
	files    map[string][]byte // by path
	requests []string          // "PATH" or "PATH bytes=5-"
	// cut ends the connection after that many bytes of a file's body; -1: not. refuse is the status of each file; 0: none.
	// noRange sends the whole file, tag is the ETag where it is not that of the file.
	cut     int
	refuse  int
	noRange bool
	tag     string
	dial    error // of each connection
}

func newFakeEndpoint(t *testing.T) *fakeEndpoint {
	t.Helper()
	f := &fakeEndpoint{files: map[string][]byte{}, cut: -1}
	var err error
	f.Endpoint, err = transporttest.New(transporttest.Script{Answer: func(method string, _ json.RawMessage) (any, *transport.Error) {
		f.mu.Lock()
		defer f.mu.Unlock()
		if (method == transport.MethodBundleVersion || method == transport.MethodProgramsVersion) && f.offer != nil {
			return f.offer, nil
		}
		return nil, transport.NotFound(method)
	}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

// set changes what the endpoint does.
func (f *fakeEndpoint) set(change func(f *fakeEndpoint)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	change(f)
}

// asked returns the requests for files since the last call.
func (f *fakeEndpoint) asked() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	all := f.requests
	f.requests = nil
	return all
}

func (f *fakeEndpoint) dialContext(context.Context, string, string) (net.Conn, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.dial != nil {
		return nil, f.dial
	}
	near, far := transporttest.Link(0, 0)
	go f.serve(far)
	return near, nil
}

func (f *fakeEndpoint) serve(raw net.Conn) {
	conn := tls.Server(raw, &tls.Config{Certificates: []tls.Certificate{f.Certificate()}, MinVersion: tls.VersionTLS12})
	r := bufio.NewReader(conn)
	first, err := r.Peek(1)
	switch {
	case err != nil:
		raw.Close()
	case first[0] == 'G':
		defer raw.Close()
		if f.serveFile(conn, r) {
			conn.Close()
		}
	default:
		f.Serve(bufferedConn{conn, r})
	}
}

type bufferedConn struct {
	net.Conn
	r *bufio.Reader
}

func (c bufferedConn) Read(p []byte) (int, error) { return c.r.Read(p) }

// serveFile answers one request, and reports whether the answer was complete.
func (f *fakeEndpoint) serveFile(conn net.Conn, r *bufio.Reader) bool {
	req, err := http.ReadRequest(r)
	if err != nil {
		return false
	}
	f.mu.Lock()
	content, ok := f.files[req.URL.Path]
	f.requests = append(f.requests, strings.TrimSpace(req.URL.Path[strings.LastIndexByte(req.URL.Path, '/')+1:]+" "+req.Header.Get("Range")))
	cut, refuse, noRange, tag := f.cut, f.refuse, f.noRange, f.tag
	f.mu.Unlock()
	switch {
	case refuse != 0:
		fmt.Fprintf(conn, "HTTP/1.1 %d No\r\nRetry-After: 7200\r\nConnection: close\r\nContent-Length: 0\r\n\r\n", refuse)
		return true
	case !ok:
		fmt.Fprint(conn, "HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
		return true
	}
	if tag == "" {
		tag = `"sha256-` + hexOf(content) + `"`
	}
	head, body := "200 OK", content
	if from, ok := strings.CutPrefix(req.Header.Get("Range"), "bytes="); ok && !noRange && req.Header.Get("If-Range") == tag {
		at, err := strconv.Atoi(strings.TrimSuffix(from, "-"))
		if err != nil || at >= len(content) {
			return false
		}
		head = fmt.Sprintf("206 Partial Content\r\nContent-Range: bytes %d-%d/%d", at, len(content)-1, len(content))
		body = content[at:]
	}
	fmt.Fprintf(conn, "HTTP/1.1 %s\r\nETag: %s\r\nConnection: close\r\nContent-Length: %d\r\n\r\n", head, tag, len(body))
	if cut >= 0 && cut < len(body) && !strings.HasSuffix(req.URL.Path, "sig") {
		conn.Write(body[:cut])
		return false
	}
	conn.Write(body)
	return true
}

func hexOf(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// A site is a host with its endpoint and the key of its owner.
type site struct {
	*Renewal
	t        *testing.T
	endpoint *fakeEndpoint
	signer   signature.Signer
	now      time.Time
	notices  []string
}

func newSite(t *testing.T) *site {
	t.Helper()
	s := &site{t: t, endpoint: newFakeEndpoint(t), now: time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC), signer: newSigner(t)}
	state := filepath.Join(t.TempDir(), "state")
	now := func() time.Time { return s.now }
	sp, err := spool.Open(state, spool.Options{Now: now})
	if err != nil {
		t.Fatal(err)
	}
	s.Renewal = &Renewal{
		Link: link.Config{
			ID: "web-1", Name: "web-1", Version: "1.0.0", Token: func() (string, error) { return "T", nil },
			Endpoints: []string{"localhost:1"}, TLS: transport.TLSConfig{Pins: []string{s.endpoint.Pin()}},
			DialContext: s.endpoint.dialContext, Spool: sp, ChecksDir: filepath.Join(t.TempDir(), "checks.d"), ParseYAML: full.Parse,
			BundleName: "standard", BundleChannel: "stable",
			Now: now, Random: func(int64) int64 { return 0 },
			Notice: func(format string, args ...any) { s.notices = append(s.notices, fmt.Sprintf(format, args...)) }, Verbose: t.Logf,
		},
		Folder:   installed.New(state),
		Verifier: Verifier{Ring: signature.Ring{s.signer.Key()}, Name: "standard", Release: "1.0.0", Now: now},
	}
	return s
}

func newSigner(t *testing.T) signature.Signer {
	t.Helper()
	secret, _, err := signature.Generate("")
	if err != nil {
		t.Fatal(err)
	}
	s, err := signature.ReadSecret(secret, "")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// build returns a bundle with one script, of about some number of bytes.
func build(t *testing.T, name, version, agent string, size int) []byte {
	t.Helper()
	files := map[string][]byte{"a.lua": []byte("return check {}\n"), "doc/a.md": []byte("# " + version)}
	for n := 0; size > 0; n++ {
		chunk := min(size, 200<<10)
		files[fmt.Sprintf("doc/fill%d.md", n)] = []byte(strings.Repeat(version+".", chunk/(len(version)+1)))
		size -= chunk
	}
	b, err := scriptbundle.Build(scriptbundle.Manifest{Name: name, Version: version, Agent: agent, Scripts: []scriptbundle.Script{
		{File: "a.lua", Type: "script.a", Summary: "an example"},
	}}, files)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// publish has the endpoint offer a file.
func (s *site) publish(version string, content []byte, by signature.Signer) {
	s.t.Helper()
	sig, err := by.Sign(content, s.now)
	if err != nil {
		s.t.Fatal(err)
	}
	file := "bundle-standard-" + version + ".zip"
	s.endpoint.set(func(f *fakeEndpoint) {
		f.files["/upgrades/stable/"+file] = content
		f.files["/upgrades/stable/"+file+".minisig"] = sig
		f.offer = map[string]any{"version": version, "file": file, "size": len(content), "sha256": hexOf(content)}
	})
}

// run renews, as a run's child does.
func (s *site) run() (Outcome, error) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), time.Minute)
	defer cancel()
	return s.Run(ctx)
}

// current returns the version that is installed, and whether its file is good.
func (s *site) current() string {
	s.t.Helper()
	u, err := s.Folder.Use(nil)
	if err != nil {
		return ""
	}
	u.File.Close()
	if u.Damaged != nil {
		return "damaged"
	}
	return u.Ref.Version
}

func (s *site) summary() installed.Summary {
	s.t.Helper()
	st, err := s.Link.State(s.t.Context())
	if err != nil {
		s.t.Fatal(err)
	}
	return st.Bundle
}

func (s *site) expectAsked(want ...string) {
	s.t.Helper()
	if got := s.endpoint.asked(); !slices.Equal(got, want) {
		s.t.Errorf("asked for %q, want %q", got, want)
	}
}
