package endpoint

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// A site is a folder that was set up, its first token, and what a client needs to trust it.
type site struct {
	folder Folder
	token  string
	roots  *x509.CertPool
}

func newSite(t testing.TB) *site {
	t.Helper()
	folder := Folder(filepath.Join(t.TempDir(), "endpoint"))
	report, err := Init(t.Context(), folder, []string{"localhost", "127.0.0.1"}, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	return openSite(t, folder, report.Secret)
}

func openSite(t testing.TB, folder Folder, token string) *site {
	t.Helper()
	pem, err := os.ReadFile(folder.CAFile())
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(pem) {
		t.Fatal("no certificate in ca.pem")
	}
	return &site{folder: folder, token: token, roots: roots}
}

func (s *site) store(t testing.TB) *Store {
	t.Helper()
	st, err := OpenStore(t.Context(), s.folder.StoreFile())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { st.Close() })
	return st
}

// A running is a server on loopback and what it logged.
type running struct {
	*site
	server *Server
	addr   string
	log    *syncBuffer
	served chan error
}

// start serves the site with a changed copy of its ordinary options.
func (s *site) start(t testing.TB, change ...func(*Options)) *running {
	t.Helper()
	l, err := Listen(t.Context(), "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return s.startOn(t, l, change...)
}

func (s *site) startOn(t testing.TB, l net.Listener, change ...func(*Options)) *running {
	t.Helper()
	r := &running{site: s, addr: l.Addr().String(), log: &syncBuffer{}, served: make(chan error, 1)}
	log := slog.New(slog.NewTextHandler(r.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	store, err := OpenStore(t.Context(), s.folder.StoreFile())
	if err != nil {
		t.Fatal(err)
	}
	cert, err := LoadCertificate(s.folder, log, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	opt := Options{
		Store:     store,
		Schedules: NewSchedules(s.folder.SchedulesDir(), log, time.Now),
		TLS:       cert.TLSConfig(),
		Log:       log,
		Limits:    Limits{Linger: 200 * time.Millisecond},
	}
	for _, c := range change {
		c(&opt)
	}
	r.server, err = NewServer(opt)
	if err != nil {
		t.Fatal(err)
	}
	go func() { r.served <- r.server.Serve(l) }()
	t.Cleanup(func() {
		r.stop(t)
		store.Close()
		if strings.Contains(r.log.String(), s.token) {
			t.Error("the token is in the log")
		}
	})
	return r
}

func (r *running) stop(t testing.TB) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := r.server.Shutdown(ctx); err != nil {
		t.Errorf("shutdown: %v", err)
	}
}

// A peer is a client that says what a test tells it to.
type peer struct {
	t    testing.TB
	conn *tls.Conn
	r    *bufio.Reader
	next int
}

// dial opens a connection and its TLS.
func (r *running) dial(t testing.TB) *peer {
	t.Helper()
	nc, err := net.Dial("tcp", r.addr)
	if err != nil {
		t.Fatal(err)
	}
	return r.over(t, nc)
}

func (r *running) over(t testing.TB, nc net.Conn) *peer {
	t.Helper()
	tc := tls.Client(nc, &tls.Config{RootCAs: r.roots, ServerName: "localhost"})
	t.Cleanup(func() { nc.Close() })
	if err := tc.Handshake(); err != nil {
		t.Fatal(err)
	}
	return &peer{t: t, conn: tc, r: bufio.NewReader(tc)}
}

// A reply is any frame as the test reads it.
type reply struct {
	V      string
	ID     int
	Source string
	Target string
	Method string
	Result json.RawMessage
	Error  *struct {
		Code    int
		Message string
		Type    string
	}
}

func (p *peer) write(text string) {
	p.t.Helper()
	if _, err := p.conn.Write([]byte(text)); err != nil {
		p.t.Fatalf("write: %v", err)
	}
}

// send sends a request of a source and returns its id.
func (p *peer) send(source, method, params string) int {
	p.t.Helper()
	p.next++
	p.write(frame(p.next, source, method, params))
	return p.next
}

func frame(id int, source, method, params string) string {
	return fmt.Sprintf(`{"v":"1","id":%d,"source":%q,"target":"endpoint","method":%q,"params":%s}`+"\n", id, source, method, params)
}

// read reads the next frame.
func (p *peer) read() reply {
	p.t.Helper()
	r, err := p.tryRead()
	if err != nil {
		p.t.Fatalf("read: %v", err)
	}
	return r
}

func (p *peer) tryRead() (reply, error) {
	line, err := p.r.ReadBytes('\n')
	if err != nil {
		return reply{}, err
	}
	var r reply
	if err := json.Unmarshal(line, &r); err != nil {
		return reply{}, fmt.Errorf("%q: %w", line, err)
	}
	return r, nil
}

// call sends a request and reads its answer, which has to be the next frame.
func (p *peer) call(source, method, params string) reply {
	p.t.Helper()
	id := p.send(source, method, params)
	r := p.read()
	if r.ID != id || r.Method != "" || r.V != "1" || r.Target != source || r.Source != "endpoint" {
		p.t.Fatalf("the answer to request %d of %q is %+v", id, source, r)
	}
	return r
}

// ok calls and wants a result.
func (p *peer) ok(source, method, params string) string {
	p.t.Helper()
	r := p.call(source, method, params)
	if r.Error != nil {
		p.t.Fatalf("%s: error %d %s", method, r.Error.Code, r.Error.Message)
	}
	return string(r.Result)
}

// refused calls and wants an error of this code.
func (p *peer) refused(code int, source, method, params string) string {
	p.t.Helper()
	r := p.call(source, method, params)
	if r.Error == nil || r.Error.Code != code {
		p.t.Fatalf("%s: result %s, error %+v; want error %d", method, r.Result, r.Error, code)
	}
	return r.Error.Message
}

// hello opens a session; the agent's id is its source.
func (p *peer) hello(source, token string) string {
	p.t.Helper()
	return p.ok(source, "handshake.hello", helloOf(source, token))
}

func helloOf(agent, token string) string {
	return fmt.Sprintf(`{"token":%q,"agent_id":%q,"agent_name":"a test","process_version":"1.0.0","bundle_version":"1.0.0"}`, token, agent)
}

// ended wants the peer's connection to be closed by the server, with nothing more said.
func (p *peer) ended() {
	p.t.Helper()
	if r, err := p.tryRead(); err == nil {
		p.t.Fatalf("another frame: %+v", r)
	}
}

// metric is a small result's params; without an id if that is empty.
func metric(resultID, check string) string {
	id := ""
	if resultID != "" {
		id = fmt.Sprintf(`"result_id":%q,`, resultID)
	}
	return fmt.Sprintf(`{%s"check_id":%q,"check_type":"agent.memory","state":"available","status":"success","timestamp":1700000000000,`+
		`"min_check_period":60000,"metrics":[[null,{"free":{"t":"gauge","v":"12","u":"bytes"}}]]}`, id, check)
}

// results reads everything that is stored.
func results(t testing.TB, s *Store, f ResultFilter) []Result {
	t.Helper()
	var list []Result
	if err := s.Results(t.Context(), f, func(r Result) error { list = append(list, r); return nil }); err != nil {
		t.Fatal(err)
	}
	return list
}

type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *syncBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *syncBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}
