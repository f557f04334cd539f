package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"virgo/transport/transporttest"
)

// README's first screen says what an endpoint cannot do. Each clause has a test here, with the real
// program and an endpoint that tries, in its schedule and with questions.

// A takenOver endpoint belongs to an attacker, and has one host.
type takenOver struct {
	t      *testing.T
	dir    string
	script transporttest.Script
}

func newTakenOver(t *testing.T) *takenOver {
	t.Helper()
	dir, err := os.MkdirTemp("", "virgo-owner-") // not t.TempDir, whose name would be in every path
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return &takenOver{t: t, dir: dir, script: transporttest.Script{Features: []string{"pipelining", "result_id"}}}
}

// schedule adds a check, and asks for it out of turn as well.
func (a *takenOver) schedule(checkType string, details map[string]any) {
	a.t.Helper()
	var all []map[string]any
	if a.script.Schedule != nil {
		if err := json.Unmarshal(a.script.Schedule, &all); err != nil {
			a.t.Fatal(err)
		}
	}
	check := map[string]any{"id": fmt.Sprint("attack-", len(all)), "type": checkType, "period": 60, "timeout": 5, "details": details}
	text, err := json.Marshal(check)
	if err == nil {
		a.script.Schedule, err = json.Marshal(append(all, check))
	}
	if err != nil {
		a.t.Fatal(err)
	}
	params, err := json.Marshal(map[string]string{"checkParams": string(text)})
	if err != nil {
		a.t.Fatal(err)
	}
	a.ask("check.test", string(params))
}

func (a *takenOver) ask(method, params string) {
	a.script.Requests = append(a.script.Requests, transporttest.Request{Method: method, Params: json.RawMessage(params)})
}

func (a *takenOver) write(name, text string, mode os.FileMode) string {
	a.t.Helper()
	path := filepath.Join(a.dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		a.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), mode); err != nil {
		a.t.Fatal(err)
	}
	return path
}

// run makes one run of the host, and returns all that the endpoint got: results and answers. more is
// added to virgo.yaml.
func (a *takenOver) run(more string) string {
	a.t.Helper()
	e, err := transporttest.Listen(a.script)
	if err != nil {
		a.t.Fatal(err)
	}
	defer e.Close()
	config := a.write("virgo.yaml", fmt.Sprintf("endpoint: %s\npin: %s\nagent_id: host\ntoken: T\nproxy: none\n%s", e.Address(), e.Pin(), more), 0o600)
	cmd := exec.CommandContext(a.t.Context(), "virgo", "run", "--all", "--strict")
	cmd.Env = append(os.Environ(), "NO_COLOR=1", "VIRGO_CONFIG="+config, "VIRGO_STATE="+filepath.Join(a.dir, "state"),
		"VIRGO_PLUGINS="+filepath.Join(a.dir, "plugins"), "VIRGO_SCRIPTS="+filepath.Join(a.dir, "scripts"))
	out, err := cmd.CombinedOutput()
	if err != nil {
		a.t.Fatalf("virgo run: %v: %s", err, out)
	}
	var got bytes.Buffer
	results := 0
	for _, s := range e.Stored() {
		results++
		got.Write(s.Params)
	}
	for _, f := range e.Answers() {
		line, err := json.Marshal(f)
		if err != nil {
			a.t.Fatal(err)
		}
		got.Write(line)
	}
	if a.script.Schedule != nil && results == 0 {
		a.t.Fatalf("no result arrived: %s", out)
	}
	return got.String()
}

// wantRefused fails unless every attack was refused.
func (a *takenOver) wantRefused(got string) {
	a.t.Helper()
	attacks := strings.Count(string(a.script.Schedule), `"attack-`)
	if n := strings.Count(got, "not allowed by this host's owner"); n < attacks {
		a.t.Errorf("%d of %d attacks are told as refused: %s", n, attacks, got)
	}
	if strings.Contains(got, `"state":"available"`) {
		a.t.Errorf("an attack succeeded: %s", got)
	}
}

func TestEndpointCannotRunPrograms(t *testing.T) {
	a := newTakenOver(t)
	ran := filepath.Join(a.dir, "ran")
	a.write("plugins/admin.sh", "#!/bin/sh\n: >"+ran+"\necho metric a int 1\n", 0o755)
	a.schedule("agent.plugin", map[string]any{"file": "admin.sh"})
	a.schedule("agent.plugin", map[string]any{"file": "admin.sh", "args": []string{"--delete"}, "run_as": "root"})
	a.schedule("agent.plugin", map[string]any{"file": "../../../../bin/sh", "args": []string{"-c", ": >" + ran}})
	a.wantRefused(a.run(""))
	if _, err := os.Stat(ran); err == nil {
		t.Error("the program ran")
	}
}

func TestEndpointCannotReadFilesOfAHost(t *testing.T) {
	a := newTakenOver(t)
	secret := a.write("secret.txt", "the password is xyzzy\n", 0o600)
	for _, pattern := range []string{"xyzzy", "no such text"} {
		a.schedule("agent.file", map[string]any{"target": secret, "content_match": pattern})
	}
	a.schedule("agent.file", map[string]any{"target": "/etc/shadow"})
	a.schedule("agent.process", map[string]any{"match": "password"})
	a.schedule("agent.mysql", map[string]any{"mycnf": secret})
	a.schedule("remote.tcp", map[string]any{"target": "127.0.0.1", "port": 1, "ssl": true, "ca_file": secret})
	a.ask("host_info.get", `{"type":"passwd"}`)
	a.ask("host_info.get", `{"type":"procs"}`)
	a.ask("check.targets", `{"type":"agent.process"}`)
	got := a.run("")
	a.wantRefused(got)
	if strings.Contains(got, "root:") || strings.Contains(got, `"pid"`) {
		t.Errorf("host information that is not allowed arrived: %s", got)
	}
	// An oracle would tell the two patterns apart.
	_, withIt, _ := strings.Cut(got, `"check_id":"attack-0"`)
	_, without, _ := strings.Cut(got, `"check_id":"attack-1"`)
	status := func(s string) string {
		_, s, _ = strings.Cut(s, `"status":`)
		s, _, _ = strings.Cut(s, `,"`)
		return s
	}
	if status(withIt) != status(without) {
		t.Errorf("the results differ: %s and %s", status(withIt), status(without))
	}
}

func TestEndpointCannotReachOtherHosts(t *testing.T) {
	a := newTakenOver(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var connected atomic.Int64
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			connected.Add(1)
			conn.Close()
		}
	}()
	defer l.Close()
	_, port, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	at := map[string]any{"host": "127.0.0.1", "port": port}
	for _, name := range []string{"agent.redis", "agent.mysql", "agent.postgres", "agent.memcached"} {
		a.schedule(name, at)
	}
	a.schedule("remote.tcp", map[string]any{"target": "127.0.0.1", "port": port, "send_body": "FLUSHALL\r\n"})
	a.schedule("remote.http", map[string]any{"url": "http://127.0.0.1:" + port})
	a.schedule("remote.http", map[string]any{"url": "http://169.254.169.254/latest/meta-data/"})
	a.schedule("agent.http_json", map[string]any{"url": "http://127.0.0.1:" + port, "metrics": map[string]string{"a": "/a"}})
	a.schedule("agent.http_json", map[string]any{"url": "http://unix:/run/docker.sock:/info", "metrics": map[string]string{"a": "/a"}})
	a.schedule("remote.dns", map[string]any{"query": "example.com", "server": "127.0.0.1:" + port})
	a.schedule("remote.ping", map[string]any{"target": "127.0.0.1"})
	a.wantRefused(a.run(""))
	if n := connected.Load(); n > 0 {
		t.Errorf("%d connections", n)
	}
}

func TestEndpointCannotGetPasswords(t *testing.T) {
	a := newTakenOver(t)
	password := a.write("mysql.pw", "hunter2\n", 0o600)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	received := make(chan string, 64)
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				close(received)
				return
			}
			b := make([]byte, 4096)
			n, _ := conn.Read(b)
			received <- string(b[:n])
			fmt.Fprint(conn, "HTTP/1.1 401 no\r\nWWW-Authenticate: Basic realm=x\r\nContent-Length: 0\r\n\r\n")
			conn.Close()
		}
	}()
	_, port, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	a.schedule("agent.redis", map[string]any{"host": "127.0.0.1", "port": port, "password": "secret:mysql"})
	a.schedule("remote.http", map[string]any{"url": "http://127.0.0.1:" + port, "auth_user": "u", "auth_password": "secret:mysql"})
	a.schedule("remote.http", map[string]any{"url": "http://127.0.0.1:" + port, "headers": map[string]string{"X": "secret:mysql"}})
	a.schedule("remote.tcp", map[string]any{"target": "127.0.0.1", "port": port, "send_body": "secret:mysql"})
	a.schedule("agent.mysql", map[string]any{"mycnf": password, "host": "127.0.0.1", "port": port})
	// The owner lets it ask any page and any server here, and gives the password to MySQL alone.
	got := a.run("remote:\n  checks:\n" +
		"    - {type: [remote.http], url: 'http://127.0.0.1:*/**', headers: any, auth_user: any, auth_password: any}\n" +
		"    - {type: agent.redis, host: 127.0.0.1, port: any, password: any}\n" +
		"    - {type: remote.tcp, target: 127.0.0.1, port: any, send_body: any}\n" +
		"secrets:\n  mysql: {value: 'file:" + password + "', allow: [{type: agent.mysql, host: 127.0.0.1}]}\n")
	if strings.Contains(got, "hunter2") {
		t.Errorf("the password is in a result: %s", got)
	}
	l.Close()
	for text := range received {
		if strings.Contains(text, "hunter2") || strings.Contains(text, "dTpodW50ZXIy") { // u:hunter2
			t.Errorf("the password arrived: %q", text)
		}
	}
}

func TestEndpointCannotChangeAHost(t *testing.T) {
	a := newTakenOver(t)
	a.write("checks.d/own.yaml", "- {id: own, type: agent.load_average}\n", 0o644)
	a.schedule("agent.plugin", map[string]any{"file": "x"})
	for _, method := range []string{"bundle_upgrade.available", "binary_upgrade.available", "upgrade.request", "config_file.post", "config.set",
		"policy.set", "plugin.put", "exec", "file.write"} {
		a.ask(method, `{"config_data":{"virgo.yaml":"remote: {checks: [all]}"},"file":"x.sh","text":"#!/bin/sh","checks":["all"]}`)
	}
	a.run("")
	before := a.snapshot()
	a.run("")
	if after := a.snapshot(); after != before {
		t.Errorf("files of the host changed:\n%s\n%s", before, after)
	}
}

// snapshot returns names and contents of the host's files, without what each run writes.
func (a *takenOver) snapshot() string {
	a.t.Helper()
	var b strings.Builder
	err := filepath.WalkDir(a.dir, func(path string, d os.DirEntry, err error) error {
		name := strings.TrimPrefix(path, a.dir)
		switch {
		case err != nil:
			return err
		case d.IsDir(), strings.HasPrefix(name, "/state/virgo."):
			fmt.Fprintln(&b, name)
			return nil
		}
		text, err := os.ReadFile(path)
		if name == "/virgo.yaml" {
			_, text, _ = bytes.Cut(text, []byte("agent_id")) // before it, this test's own address
		}
		fmt.Fprintf(&b, "%s: %q\n", name, text)
		return err
	})
	if err != nil {
		a.t.Fatal(err)
	}
	return b.String()
}
