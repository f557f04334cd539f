package main

import (
	"bufio"
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

	"virgo/transport/transporttest"
)

// serveForTest serves a new folder and gives its token and what connects to it.
func serveForTest(t *testing.T) (token string, dial func() *tls.Conn) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "endpoint")
	out, err := exec.Command("virgo-endpoint", "init", "--dir", dir, "--host", "127.0.0.1", "--json").Output()
	if err != nil {
		t.Fatal(err)
	}
	var made struct{ Token string }
	if err := json.Unmarshal(out, &made); err != nil {
		t.Fatal(err)
	}
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
	return made.Token, func() *tls.Conn {
		conn, err := tls.Dial("tcp", address, &tls.Config{RootCAs: roots})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { conn.Close() })
		return conn
	}
}

// An endpoint answers the example requests of transport/PROTOCOL.md as its examples do.
func TestProtocolExamples(t *testing.T) {
	protocol, err := transporttest.ReadProtocol()
	if err != nil {
		t.Fatal(err)
	}
	example := func(name string) string {
		text, err := protocol.Example(name)
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	token, dial := serveForTest(t)
	conn := dial()
	answers := bufio.NewReader(conn)
	call := func(request string) string {
		t.Helper()
		_, err := io.WriteString(conn, request+"\n")
		answer, err2 := answers.ReadString('\n')
		if err := errors.Join(err, err2); err != nil {
			t.Fatalf("%s: %v", request, err)
		}
		return strings.TrimSuffix(answer, "\n")
	}

	hello := example("handshake.hello request")
	if got, want := call(hello), example("handshake.hello response, bad token"); got != want {
		t.Errorf("bad token:\ngot     %s\nexample %s", got, want)
	}
	hello = strings.Replace(hello, "not-a-token", token, 1)
	if got, want := call(hello), example("handshake.hello response"); got != want {
		t.Errorf("hello:\ngot     %s\nexample %s", got, want)
	}
	for method, exact := range map[string]bool{
		"check_metrics.post":         true,
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

func TestProtocolHTTP(t *testing.T) {
	protocol, err := transporttest.ReadProtocol()
	if err != nil {
		t.Fatal(err)
	}
	request, err := protocol.Example("version")
	if err != nil {
		t.Fatal(err)
	}
	_, dial := serveForTest(t)
	conn := dial()
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
