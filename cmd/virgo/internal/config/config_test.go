package config

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"
)

func write(t *testing.T, name, text string, mode os.FileMode) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, mode); err != nil {
		t.Fatal(err)
	}
	return path
}

var pinA, pinB = "sha256:" + strings.Repeat("0a", 32), "sha256:" + strings.Repeat("B0", 32)

func environment(pairs ...string) func(string) string {
	return func(name string) string {
		for i := 0; i < len(pairs); i += 2 {
			if pairs[i] == name {
				return pairs[i+1]
			}
		}
		return ""
	}
}

// The order is part of the contract: environment over file over default (flags lie above, in the command line).
func TestPrecedence(t *testing.T) {
	full := "endpoint: file:1\ntoken: file-token\nagent_id: from-file\nagent_name: n\npin: " + pinA + "\nca_file: /c\nserver_name: s\n" +
		"spool: {max_bytes: 1MiB, max_age: 1d}\ndeadline: 10s\nconcurrency: 2\nschedule_max_age: 2h\n"
	path := write(t, "virgo.yaml", full, 0o600)
	for _, tc := range []struct {
		name, variable, value  string
		get                    func(Config) any
		byDefault, file, byEnv any
	}{
		{"endpoint", "VIRGO_ENDPOINT", "env:1,env:2", func(c Config) any { return strings.Join(c.Endpoints, " ") }, "", "file:1", "env:1 env:2"},
		{"token", "VIRGO_TOKEN", "env-token", func(c Config) any { s, _ := c.Token(); return s }, "", "file-token", "env-token"},
		{"agent_id", "VIRGO_AGENT_ID", "e", func(c Config) any { return c.AgentID }, DefaultAgentID(), "from-file", "e"},
		{"agent_name", "VIRGO_AGENT_NAME", "e", func(c Config) any { return c.AgentName }, hostName(), "n", "e"},
		{"pin", "VIRGO_PIN", pinB + "," + pinA, func(c Config) any { return strings.Join(c.Pins, " ") }, "", pinA, pinB + " " + pinA},
		{"ca_file", "VIRGO_CA_FILE", "e", func(c Config) any { return c.CAFile }, "", "/c", "e"},
		{"server_name", "VIRGO_SERVER_NAME", "e", func(c Config) any { return c.ServerName }, "", "s", "e"},
		{"max_bytes", "VIRGO_SPOOL_MAX_BYTES", "2MiB", func(c Config) any { return c.SpoolMaxBytes }, int64(64 << 20), int64(1 << 20), int64(2 << 20)},
		{"max_age", "VIRGO_SPOOL_MAX_AGE", "2d", func(c Config) any { return c.SpoolMaxAge }, 720 * time.Hour, 24 * time.Hour, 48 * time.Hour},
		{"deadline", "VIRGO_DEADLINE", "20s", func(c Config) any { return c.Deadline }, 50 * time.Second, 10 * time.Second, 20 * time.Second},
		{"concurrency", "VIRGO_CONCURRENCY", "3", func(c Config) any { return c.Concurrency }, 4, 2, 3},
		{"schedule_max_age", "VIRGO_SCHEDULE_MAX_AGE", "3h", func(c Config) any { return c.ScheduleMaxAge }, time.Hour, 2 * time.Hour, 3 * time.Hour},
	} {
		for _, from := range []struct {
			what, path string
			env        func(string) string
			want       any
		}{
			{"default", filepath.Join(t.TempDir(), "none.yaml"), environment(), tc.byDefault},
			{"file", path, environment(), tc.file},
			{"environment", path, environment(tc.variable, tc.value), tc.byEnv},
		} {
			c, err := Load(from.path, false, from.env)
			if err != nil {
				t.Errorf("%s from %s: %v", tc.name, from.what, err)
				continue
			}
			if got := tc.get(c); got != from.want {
				t.Errorf("%s from %s: got %v, want %v", tc.name, from.what, got, from.want)
			}
		}
	}
}

func TestMistakesNameFileLineAndNextStep(t *testing.T) {
	for name, tc := range map[string]struct{ text, want, hint string }{
		"unknown key":    {"agent_id: a\nendpiont: b:1\n", `virgo.yaml:2: unknown key "endpiont"`, `did you mean "endpoint"?`},
		"nested unknown": {"spool:\n  max_byte: 1\n", `virgo.yaml:2: unknown key "max_byte"`, `did you mean "max_bytes"?`},
		"wrong type":     {"agent_id: a\nconcurrency: many\n", "virgo.yaml:2:", ""},
		"no yaml":        {"a: [1\nb: }", "virgo.yaml", ""},
		"bad endpoint":   {"endpoint: nowhere\n", `endpoint: "nowhere" is neither host:port nor an SRV name`, "for example"},
		"bad size":       {"spool: {max_bytes: lots}\n", `spool.max_bytes: "lots" is no size`, ""},
		"bad span":       {"deadline: soon\n", `deadline: "soon" is no span of time`, ""},
		"past a bound":   {"deadline: 1ms\n", "deadline: 1ms is not from 1s to 24h0m0s", ""},
		"both":           {"endpoint: a:1\nendpoints: [b:1]\n", "endpoint and endpoints are both given", ""},
		"legacy junk":    {"monitoring_token T\nnonsense here\n", `virgo.yaml:2: "nonsense" is no key`, ""},
		"legacy empty":   {"monitoring_token\n", `virgo.yaml:1: "monitoring_token" has no value`, ""},
		"control":        {"agent_id: \"a\\nb\"\n", "agent_id:", ""},
		"double key":     {"agent_id: a\nagent_id: b\n", "virgo.yaml:2:", ""},
	} {
		t.Run(name, func(t *testing.T) {
			path := write(t, "virgo.yaml", tc.text, 0o600)
			_, err := Load(path, true, environment())
			if err == nil || !IsOwners(err) || !strings.Contains(err.Error(), tc.want) {
				t.Fatalf("got %v, want %q", err, tc.want)
			}
			var o *OwnersError
			if errors.As(err, &o); !strings.Contains(o.Hint(), tc.hint) {
				t.Errorf("hint %q, want %q", o.Hint(), tc.hint)
			}
		})
	}
	t.Run("too large", func(t *testing.T) {
		path := write(t, "virgo.yaml", strings.Repeat("#", maxFileBytes+1), 0o600)
		if _, err := Load(path, true, environment()); err == nil || !strings.Contains(err.Error(), "larger than") {
			t.Errorf("got %v", err)
		}
	})
	t.Run("named and not there", func(t *testing.T) {
		if _, err := Load(filepath.Join(t.TempDir(), "x.yaml"), true, environment()); !IsOwners(err) {
			t.Errorf("got %v", err)
		}
	})
}

func TestTheTokenIsNeverPrinted(t *testing.T) {
	const secret = "5ECRET"
	c, err := Load(write(t, "virgo.yaml", "token: "+secret+"\n", 0o600), true, environment())
	if err != nil {
		t.Fatal(err)
	}
	if got, err := c.Token(); err != nil || got != secret {
		t.Fatalf("Token: %q, %v", got, err)
	}
	js, err := json.Marshal(struct{ S Secret }{c.Credential})
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{
		fmt.Sprintf("%v", c), fmt.Sprintf("%+v", c), fmt.Sprintf("%#v", c), fmt.Sprint(c.Credential), fmt.Sprintf("%s %q %x %d", c.Credential, c.Credential, c.Credential, c.Credential), string(js),
	} {
		if strings.Contains(text, secret) || strings.Contains(text, fmt.Sprintf("%x", secret)) {
			t.Errorf("printed: %s", text)
		}
	}
	// Nor does a mistake on the token's own line quote it.
	for _, text := range []string{"token: [" + secret + "]\n", "token: {a: " + secret + "}\n", "token: " + secret + "\n bad: x\n", "tokn: " + secret + "\n", "concurrency: " + secret + "\n"} {
		_, err := Load(write(t, "virgo.yaml", text, 0o600), true, environment())
		if err == nil || strings.Contains(err.Error(), secret) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestWhereATokenMayLie(t *testing.T) {
	dir := t.TempDir()
	file := write(t, "token", "  from-file\n", 0o600)
	if err := os.WriteFile(filepath.Join(dir, "cred"), []byte("from-systemd"), 0o400); err != nil {
		t.Fatal(err)
	}
	env := environment("T", "from-env", "CREDENTIALS_DIRECTORY", dir, "LONG", strings.Repeat("x", maxTokenBytes+1), "LINES", "a\nb")
	for ref, want := range map[string]string{
		"file:" + file: "from-file", "env:T": "from-env", "credential:cred": "from-systemd", "plain": "plain",
		"env:ABSENT": "", "env:LONG": "", "env:LINES": "", "file:" + dir: "", "credential:../cred": "", "credential:": "", "": "",
	} {
		c := Config{env: env}
		c.SetToken(ref)
		got, err := c.Token()
		if got != want || (err == nil) != (want != "") {
			t.Errorf("%.40q: got %q, %v; want %q", ref, got, err, want)
		}
		if err != nil && !IsOwners(err) {
			t.Errorf("%.40q: %v is not the owner's", ref, err)
		}
	}
}

func TestWhatSetupWritesIsReadBack(t *testing.T) {
	c := defaults(nil)
	c.Endpoints = []string{"[::1]:50041", "_monitoringagent._tcp.example.com"}
	c.SetToken(`odd "token" # with: everything`)
	c.AgentID, c.AgentName = "web-1", "Überhost"
	c.Pins = []string{"sha256:" + strings.Repeat("ab", 32), strings.Repeat("A", 43)}
	c.CAFile, c.ServerName = "/etc/virgo/my ca.pem", "m.example.com"
	c.SpoolMaxBytes, c.SpoolMaxAge = 10<<20, 36*time.Hour
	c.Deadline, c.Concurrency, c.ScheduleMaxAge = 40*time.Second, 8, 30*time.Minute
	path := filepath.Join(t.TempDir(), "new", "virgo.yaml")
	if err := c.Write(path); err != nil {
		t.Fatal(err)
	}
	got, err := Load(path, true, environment())
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
}

func TestAnExistingAgentsFile(t *testing.T) {
	text := "# comment\nmonitoring_token abc.123\nmonitoring_id\tweb1\nmonitoring_endpoints a:1,b:2\nmonitoring_query_endpoints _x._tcp.e.org\nmonitoring_snet_region dfw\n"
	for name, load := range map[string]func(string) (Config, error){
		"run": func(p string) (Config, error) { return Load(p, true, environment()) }, "import": ImportLegacy,
	} {
		c, err := load(write(t, "agent.cfg", text, 0o600))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		token, _ := c.Token()
		if token != "abc.123" || c.AgentID != "web1" || strings.Join(c.Endpoints, " ") != "a:1 b:2 _x._tcp.e.org" || len(c.Warnings) != 1 {
			t.Errorf("%s: %+v %v", name, c, c.Warnings)
		}
	}
	if _, err := ImportLegacy(write(t, "x.yaml", "endpoint: a:1\n", 0o600)); !IsOwners(err) {
		t.Errorf("another kind of file: %v", err)
	}
}

func TestSplayIsFixedAndWithinItsBound(t *testing.T) {
	seen := make(map[time.Duration]bool)
	for i := range 1000 {
		id := fmt.Sprintf("host-%d", i)
		d := Splay(id, 30*time.Second)
		if d < 0 || d >= 30*time.Second || d%time.Second != 0 || d != Splay(id, 30*time.Second) {
			t.Fatalf("splay of %s is %s", id, d)
		}
		seen[d] = true
	}
	if len(seen) != 30 {
		t.Errorf("a thousand hosts use %d of 30 seconds", len(seen))
	}
}

func FuzzLoad(f *testing.F) {
	f.Add([]byte("endpoint: a:1\ntoken: T\n"))
	f.Add([]byte("monitoring_token T\n"))
	f.Add([]byte("spool: {max_bytes: 1MiB}\npin: [a, b]\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		c := defaults(environment())
		var err error
		if isLegacy(b) {
			err = c.parseLegacy("f", b)
		} else {
			err = c.parseYAML("f", b)
		}
		if err != nil && !IsOwners(err) {
			t.Fatalf("an error that names no owner: %v", err)
		}
	})
}
