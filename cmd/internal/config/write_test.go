package config

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"virgo/schedule/yaml/full"
)

func TestWriteRoundTrip(t *testing.T) {
	c := defaults(nil)
	c.Endpoints = []string{"[::1]:50041", "_monitoringagent._tcp.example.com"}
	c.SetToken(`a "token" # with: everything`)
	c.AgentID, c.AgentName = "web-1", "Überhost"
	c.Pins = []string{"sha256:" + strings.Repeat("ab", 32), strings.Repeat("A", 43)}
	c.CAFile, c.ServerName = "/etc/virgo/my ca.pem", "m.example.com"
	c.BackupPins, c.ClientCert, c.ClientKey = []string{pinB}, "/etc/virgo/c.pem", "/etc/virgo/c.key"
	c.SetProxy("http://web 1:p%40ss@proxy.example.com:3128")
	c.NoProxy = []string{"example.com", "10.0.0.0/8", "::1"}
	c.SpoolMaxBytes, c.SpoolMaxAge = 10<<20, 36*time.Hour
	c.Deadline, c.Concurrency, c.ScheduleMaxAge = 40*time.Second, 8, 30*time.Minute
	c.AllowRemote, c.HostInfoDeny = []string{"host_info", "check.test"}, []string{"procs"}
	c.HostInfoArguments = FullArguments
	path := filepath.Join(t.TempDir(), "new", "virgo.yaml")
	if err := c.Write(path); err != nil {
		t.Fatal(err)
	}
	got, err := strictly(path, true, environment(), full.Parse)
	if err != nil {
		t.Fatal(err)
	}
	if got.Source != path {
		t.Errorf("source %q", got.Source)
	}
	got.Source, got.env = "", nil
	if !reflect.DeepEqual(got, c) {
		t.Errorf("got  %+v\nwant %+v", got, c)
	}
	checkFileIsPrivate(t, path)
	names, err := filepath.Glob(filepath.Join(filepath.Dir(path), "*"))
	if err != nil || len(names) != 1 {
		t.Errorf("left behind: %v, %v", names, err)
	}
	// Writing it again changes nothing.
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := got.Write(path); err != nil {
		t.Fatal(err)
	}
	if after, err := os.ReadFile(path); err != nil || string(after) != string(before) {
		t.Errorf("the second time: %v\n%s", err, after)
	}
}

func TestDefaultsAreWrittenAsComments(t *testing.T) {
	c := defaults(nil)
	text, err := c.Encode()
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if line != "\n" && line[0] != '#' {
			t.Errorf("a default is set: %q", line)
		}
	}
	// With the comments removed, the defaults are a valid file.
	var bare strings.Builder
	for line := range strings.Lines(string(text)) {
		if strings.HasPrefix(line, "# ") {
			continue
		}
		bare.WriteString(strings.ReplaceAll(strings.TrimPrefix(line, "#"), "sha256:HEX", pinA))
	}
	got := defaults(nil)
	if err := got.parseYAML("f", []byte(bare.String()), full.Parse); err != nil {
		t.Fatalf("%v\n%s", err, bare.String())
	}
	if got.SpoolMaxAge != c.SpoolMaxAge || got.Deadline != c.Deadline || len(got.Endpoints) != 1 || !got.HasToken() {
		t.Errorf("got %+v", got)
	}
}

func TestWriteErrors(t *testing.T) {
	file := write(t, "file", "", 0o600)
	c := defaults(nil)
	if err := c.Write(filepath.Join(file, "virgo.yaml")); !IsError(err) {
		t.Errorf("got %v", err)
	}
	c.SetToken("a\xffb")
	if err := c.Write(filepath.Join(t.TempDir(), "virgo.yaml")); !IsError(err) || strings.Contains(err.Error(), "\xff") {
		t.Errorf("a token that is not text: %v", err)
	}
}

// FuzzEncode checks that all valid settings survive a round trip.
func FuzzEncode(f *testing.F) {
	f.Add("token", "agent-1", "name", "/ca.pem")
	f.Add("true", "007", "- a: b # c", "c:\\x y\\z")
	f.Add("'\"\\{[&*!|>%@`", "0x1f", "\u2028\u0085\ufeff\u00a0", "~")
	f.Add("a: b", "null", "1e3", "/a\u200bb")
	f.Fuzz(func(t *testing.T, token, id, name, ca string) {
		c := defaults(nil)
		c.SetToken(token)
		c.AgentID, c.AgentName, c.CAFile = id, name, ca
		c.Endpoints = []string{"a:1", "[::1]:2"}
		if c.Validate() != nil {
			return
		}
		text, err := c.Encode()
		if err != nil {
			if utf8.ValidString(token + id + name + ca) {
				t.Fatal(err)
			}
			return
		}
		got := defaults(nil)
		if err := got.parseYAML("f", text, full.Parse); err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
		c.CAFile = absolute(c.CAFile)
		if !reflect.DeepEqual(got, c) {
			t.Fatalf("got  %+v %q\nwant %+v %q\n%s", got, got.Credential.reference(), c, c.Credential.reference(), text)
		}
	})
}
