package main

import (
	"bufio"
	"bytes"
	"crypto/ed25519"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"virgo/transport/agentkey"
	"virgo/transport/transporttest"
)

// A testEndpoint is a served folder.
type testEndpoint struct {
	t   *testing.T
	dir string
	// token enrols one host, legacy is for agents without keys whose ids are web1 and old.
	token, legacy string
	dial          func() *tls.Conn
}

// command runs virgo-endpoint on the folder and returns the token that it printed, if it did.
func (e *testEndpoint) command(args ...string) (token string) {
	e.t.Helper()
	out, err := exec.Command("virgo-endpoint", append(args, "--dir", e.dir, "--json")...).Output()
	if err != nil {
		e.t.Fatalf("%v: %v", args, err)
	}
	var made struct{ Token string }
	if err := json.Unmarshal(out, &made); err != nil {
		e.t.Fatal(err)
	}
	return made.Token
}

// serveForTest serves a new folder.
func serveForTest(t *testing.T) *testEndpoint {
	t.Helper()
	e := &testEndpoint{t: t, dir: filepath.Join(t.TempDir(), "endpoint")}
	dir := e.dir
	e.token = e.command("init", "--host", "127.0.0.1")
	e.legacy = e.command("token", "add", "--kind", "legacy", "--id", "web1", "--id", "old")
	ca, err := os.ReadFile(filepath.Join(dir, "ca.pem"))
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(ca)
	server := exec.Command("virgo-endpoint", "serve", "--dir", dir, "--listen", "127.0.0.1:0",
		"--log-level", "error")
	server.Stderr = os.Stderr
	pipe, err := server.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Process.Kill(); server.Wait() })
	line, err := bufio.NewReader(pipe).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	address := strings.TrimPrefix(strings.TrimSpace(line), "listening on ")
	e.dial = func() *tls.Conn {
		conn, err := tls.Dial("tcp", address, &tls.Config{RootCAs: roots})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { conn.Close() })
		return conn
	}
	return e
}

// A caller sends requests over one connection.
type caller struct {
	t       *testing.T
	conn    *tls.Conn
	answers *bufio.Reader
}

func newCaller(t *testing.T, conn *tls.Conn) *caller { return &caller{t, conn, bufio.NewReader(conn)} }

func (c *caller) call(request string) string {
	c.t.Helper()
	_, err := io.WriteString(c.conn, request+"\n")
	answer, err2 := c.answers.ReadString('\n')
	if err := errors.Join(err, err2); err != nil {
		c.t.Fatalf("%s: %v", request, err)
	}
	return strings.TrimSuffix(answer, "\n")
}

// examples returns the examples of transport/PROTOCOL.md by their names.
func examples(t *testing.T) func(name string) string {
	t.Helper()
	protocol, err := transporttest.ReadProtocol()
	if err != nil {
		t.Fatal(err)
	}
	return func(name string) string {
		t.Helper()
		text, err := protocol.Example(name)
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
}

// An endpoint answers the example requests of transport/PROTOCOL.md as its examples do.
func TestProtocolExamples(t *testing.T) {
	example := examples(t)
	e := serveForTest(t)
	call := newCaller(t, e.dial()).call

	hello := example("handshake.hello request")
	if got, want := call(hello), example("handshake.hello response, bad token"); got != want {
		t.Errorf("bad token:\ngot     %s\nexample %s", got, want)
	}
	hello = strings.Replace(hello, "not-a-token", e.legacy, 1)
	if got, want := call(hello), example("handshake.hello response"); got != want {
		t.Errorf("hello:\ngot     %s\nexample %s", got, want)
	}
	for method, exact := range map[string]bool{
		"check_metrics.post":         true,
		"check_metrics.post_multi":   true,
		"bundle_upgrade.get_version": true,
		"binary_upgrade.get_version": true,
		"results.receipt":            false, // signed by another key
		"heartbeat.post":             false, // another time
	} {
		got, want := call(example(method+" request")), example(method+" response")
		if exact && got != want {
			t.Errorf("%s:\ngot     %s\nexample %s", method, got, want)
		}
		if err := transporttest.Like(got, want); err != nil {
			t.Errorf("%s: %v\ngot     %s\nexample %s", method, err, got, want)
		}
	}
	if got := call(example("check_metrics.post_multi request, compressed")); !strings.Contains(got, `"result":{"results":[0,0]},`) {
		t.Errorf("compressed results: %s", got)
	}
	long := strings.Replace(example("check_metrics.post_multi request"), "not allowed by", strings.Repeat("x", 257), 1)
	if got, want := call(strings.Replace(long, `"id":1`, `"id":2`, 1)), example("check_metrics.post_multi response, one refused"); got != want {
		t.Errorf("one refused:\ngot     %s\nexample %s", got, want)
	}
	if got := call(example("check_metrics.post request, losses")); !strings.Contains(got, `"result":0,`) {
		t.Errorf("losses: %s", got)
	}
	// Its own schedule has other checks.
	if err := transporttest.Like(call(example("check_schedule.get request")),
		example("check_schedule.get response"),
		"result.checks"); err != nil {
		t.Error(err)
	}
	for _, tc := range []struct{ request, want string }{
		{`{"v":"1","id":7,"source":"web1","target":"endpoint","method":"check_metrics.post","params":{}}`, `"code":400,`},
		{`{"v":"1","id":7,"source":"web1","target":"endpoint","method":"check_metrics.post_multi","params":{}}`, `"code":400,`},
		{`{"v":"1","id":7,"source":"web1","target":"endpoint","method":"check_metrics.post_multi","params":{"results":[7,]}}`,
			`"result":{"results":[{"code":400,`},
		{`{"v":"1","id":7,"source":"web2","target":"endpoint","method":"check_metrics.post_multi","params":{"results":[]}}`,
			`"code":401,`},
		{`{"v":"1","id":7,"source":"web1","target":"endpoint","method":"config_file.post","params":{}}`,
			`"code":400,`},
		{`{"v":"1","id":7,"source":"web1","target":"endpoint","method":"no.such"}`, `"code":404,`},
		{`{"v":"2","id":7,"source":"web1","target":"endpoint","method":"heartbeat.post"}`, `"code":505,`},
		{`{"v":"1","id":7,"source":"web2","target":"endpoint","method":"heartbeat.post"}`, `"code":401,`},
		{`{"v":"1","id":7,"target":"endpoint","method":"heartbeat.post"}`, `"code":400,`},
		{`{"v":"1","id":"0007","source":"web1","target":"endpoint","method":"no.such","x":{"y":[1,2,],},}`, `"id":7,`},
		{strings.Replace(hello, `"agent_id":"web1"`, `"agent_id":""`, 1), `"code":403,`},
		{strings.Replace(hello, `"agent_id":"web1"`, `"agent_id":[]`, 1), `"code":400,`},
		{example("heartbeat.post request"), `"code":401,`}, // a hello that fails ends the session before it
	} {
		if got := call(tc.request); !strings.Contains(got, tc.want) {
			t.Errorf("%s\nis answered by %s, want %s", tc.request, got, tc.want)
		}
	}
	badPost := strings.Replace(example("response with an error"), `"id":7`, `"id":2`, 1)
	post := strings.Replace(example("check_metrics.post request"), `"check_id":"root"`, `"check_id":""`, 1)
	if got := call(hello); !strings.Contains(got, `"heartbeat_interval"`) {
		t.Fatal(got)
	}
	if got := call(strings.Replace(post, "-2a", "-2b", 1)); got != badPost {
		t.Errorf("a bad post:\ngot     %s\nexample %s", got, badPost)
	}
}

// Who an agent is: an endpoint answers as the examples of that section do.
func TestProtocolKeys(t *testing.T) {
	example := examples(t)
	e := serveForTest(t)
	// hello sends an example with a proof for its connection, which no example can have.
	hello := func(name, host string, session int, change ...string) string {
		t.Helper()
		conn := e.dial()
		exporter, err := agentkey.Exporter(conn.ConnectionState())
		if err != nil {
			t.Fatal(err)
		}
		key := identity{host: host}.key()
		proof, err := agentkey.Sign(key, "web1", uint64(session), exporter)
		if err != nil {
			t.Fatal(err)
		}
		var frame map[string]any
		if err := json.Unmarshal([]byte(example(name)), &frame); err != nil {
			t.Fatal(err)
		}
		params := frame["params"].(map[string]any)
		params["session"], params["proof"] = session, agentkey.EncodeProof(proof)
		params["agent_key"] = agentkey.Encode(key.Public().(ed25519.PublicKey))
		text, err := json.Marshal(frame)
		if err != nil {
			t.Fatal(err)
		}
		return newCaller(t, conn).call(strings.NewReplacer(change...).Replace(string(text)))
	}
	want := func(got, name string) {
		t.Helper()
		if want := example(name); got != want {
			t.Errorf("%s:\ngot     %s\nexample %s", name, got, want)
		}
	}
	const first, later = "handshake.hello request, with a key", "handshake.hello request, key confirmed"
	want(hello(first, "a", 4711), "handshake.hello response, not enrolled")
	want(newCaller(t, e.dial()).call(example(first)), "handshake.hello response, the proof failed")
	want(hello(first, "a", 5120, "not-a-token", e.token), "handshake.hello response, key registered")
	e.wantSession("web1", 5120)
	want(hello(later, "a", 4711), "handshake.hello response, session did not grow")
	want(hello(first, "b", 4711, "not-a-token", e.legacy), "handshake.hello response, another key")
	want(newCaller(t, e.dial()).call(strings.Replace(example("handshake.hello request"), "not-a-token", e.legacy, 1)),
		"handshake.hello response, a key is required")
	e.command("agents", "revoke", "web1")
	want(hello(later, "a", 5121), "handshake.hello response, revoked")
}

// A bundle that a courier brings: an endpoint answers as the examples of that section do.
func TestProtocolBundles(t *testing.T) {
	example := examples(t)
	e := serveForTest(t)
	call := newCaller(t, e.dial()).call
	call(strings.Replace(example("handshake.hello request"), "not-a-token", e.legacy, 1))
	request := example("bundle.post request")
	var frame struct{ Params bundleExample }
	if err := json.Unmarshal([]byte(request), &frame); err != nil {
		t.Fatal(err)
	}
	send := func(offset int64, block []byte) string {
		t.Helper()
		p := frame.Params
		p.Offset, p.Block = offset, block
		text, err := json.Marshal(p)
		if err != nil {
			t.Fatal(err)
		}
		before, _, _ := strings.Cut(request, `"params":`)
		return call(before + `"params":` + string(text) + "}")
	}
	want := func(got, name string) {
		t.Helper()
		if want := example(name); got != want {
			t.Errorf("%s:\ngot     %s\nexample %s", name, got, want)
		}
	}
	want(call(request), "bundle.post response, no key")
	key := identity{host: "a"}.key().Public().(ed25519.PublicKey)
	e.command("agents", "add", "far1", "--key", agentkey.Encode(key))
	changed := bytes.Clone(frame.Params.Block)
	changed[len(changed)-1] ^= 1
	want(send(0, changed), "bundle.post response, changed")
	want(call(request), "bundle.post response, another offset")
	const good = 561
	want(send(good, frame.Params.Block[good:]), "bundle.post response")
	want(call(request), "bundle.post response")
}

// bundleExample is the params of bundle.post.
type bundleExample struct {
	AgentID string `json:"agent_id"`
	Bundle  string `json:"bundle"`
	Offset  int64  `json:"offset"`
	Block   []byte `json:"block"`
}

// wantSession waits until the number of an agent's last session is stored, which its hello does not wait for.
func (e *testEndpoint) wantSession(agent string, session uint64) {
	e.t.Helper()
	for {
		out, err := exec.CommandContext(e.t.Context(), "virgo-endpoint", "agents", "--dir", e.dir, "--json").Output()
		if err != nil {
			e.t.Fatal(err)
		}
		var doc agentsDocument
		if err := json.Unmarshal(out, &doc); err != nil {
			e.t.Fatal(err)
		}
		for _, a := range doc.Agents {
			if a.AgentID == agent && a.Session == session {
				return
			}
		}
	}
}

func TestProtocolHTTP(t *testing.T) {
	protocol, err := transporttest.ReadProtocol()
	if err != nil {
		t.Fatal(err)
	}
	request, err := protocol.Example("version")
	if err != nil {
		t.Fatal(err)
	}
	conn := serveForTest(t).dial()
	if _, err := io.WriteString(conn, strings.ReplaceAll(request, "\n", "\r\n")); err != nil {
		t.Fatal(err)
	}
	response, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK || string(body) != "0.0.0-0\n" {
		t.Errorf("status %d, %q, %v", response.StatusCode, body, err)
	}
}
