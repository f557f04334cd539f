package config

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"virgo/schedule/yaml"
	"virgo/schedule/yaml/full"
)

// strictly is Load for tests of single mistakes: the first one is the error.
func strictly(path string, named bool, env func(string) string, parse yaml.Parser) (Config, error) {
	c, err := Load(path, named, env, parse)
	if err == nil {
		err = c.Err()
	}
	return c, err
}

// Each mistake costs its setting alone. A setting of trust that is wrong, or may be meant, forbids
// delivery.
func TestMistakesAndTrust(t *testing.T) {
	const good = "endpoint: a:1\nagent_id: web\n"
	for text, decides := range map[string]bool{
		"concurrency: 0\n": false, "deadline: soon\n": false, "flush_deadline: 1\n": false, "schedule_max_age: x\n": false, "agent_name: [a]\n": false,
		"spool: 64MiB\n": false, "spool: {max_bytes: lots}\n": false, "spool: {max_age: 1}\n": false, "spool: {pin: 1}\n": false,
		"deadlien: 5s\n": false, "interval: 60\n": false, "log_level: debug\n": false, "colour: red\n": false, "cache_size: 1\n": false,
		"pin: x\n": true, "backup_pin: x\n": true, "ca_file: [a]\n": true, "proxy: ftp://x\n": true, "no_proxy: [\"a b\"]\n": true,
		"token: [a]\n": true, "allow_remote: [x]\n": true, "host_info_deny: [x]\n": true, "host_info_arguments: x\n": true, "client_key: x\n": true, "server_name: true\n": true,
		"client_cert: true\n": true, "endpoints: b:1\n": true, "pni: x\n": true, "endpiont: a:1\n": true, "fingerprint: x\n": true,
		"tls_verify: true\n": true, "verify: true\n": true, "tls: {ca: x}\n": true, "api-token: x\n": true,
		"remote: x\n": true, "remote: {check: all}\n": true, "remotes: {checks: [all]}\n": true, "secrets: [a]\n": true, "secret: {a: b}\n": true,
	} {
		c, err := Load(write(t, "virgo.yaml", good+text, 0o600), true, environment(), full.Parse)
		if err != nil || len(c.Mistakes) != 1 || c.Mistakes[0].Decides != decides || (c.Untrusted() != nil) != decides {
			t.Errorf("%q: %+v, %v", text, c.Mistakes, err)
		}
		if c.AgentID != "web" || c.Deadline != DefaultDeadline || c.Concurrency != DefaultConcurrency || c.SpoolMaxBytes != DefaultSpoolMaxBytes {
			t.Errorf("%q changed other settings: %+v", text, c)
		}
	}
	for _, setting := range settings {
		if known := slices.Contains(adjusting[:], setting.key) || slices.Contains(bundleKeys[:], setting.key); decides(setting.key) == known {
			t.Errorf("%s: adjusting %v", setting.key, known)
		}
	}
	// The whole file: nobody knows whom it trusts.
	for _, text := range []string{"\tx: 1\n", "- a\n", "monitoring_token\n"} {
		c, err := Load(write(t, "virgo.yaml", text, 0o600), true, environment(), full.Parse)
		if err != nil || c.Untrusted() == nil || c.AgentID == "" {
			t.Errorf("%q: %+v, %v", text, c, err)
		}
	}
	if c, err := Load(filepath.Join(t.TempDir(), "x.yaml"), true, environment(), full.Parse); err != nil || c.Untrusted() == nil {
		t.Errorf("a file that is not there: %+v, %v", c, err)
	}
	if _, err := Load(write(t, "virgo.yaml", "\tx: 1\n", 0o600), true, environment(), yaml.ParsePlain); !errors.Is(err, yaml.ErrNotPlain) {
		t.Errorf("another program does not get the file: %v", err)
	}
}

// A wrong variable leaves the value of the file.
func TestAllMistakesOfFileAndEnvironment(t *testing.T) {
	path := write(t, "virgo.yaml", "deadline: 20s\nconcurrency: 0\nzzz: 1\npin: x\n", 0o600)
	c, err := Load(path, true, environment("VIRGO_DEADLINE", "soon", "VIRGO_CONCURRENCY", "7", "VIRGO_PROXY", "ftp://x"), full.Parse)
	var got []string
	for _, m := range c.Mistakes {
		got = append(got, strings.TrimPrefix(m.Err.Error(), path))
	}
	want := []string{
		":2: concurrency: 0 is not between 1 and 1024", `:3: unknown key "zzz"`, ":4: pin: ", "VIRGO_PROXY: ", "VIRGO_DEADLINE: ",
	}
	if err != nil || len(got) != len(want) || c.Deadline != 20*time.Second || c.Concurrency != 7 || len(c.Pins) > 0 {
		t.Fatalf("%+v, %q, %v", c, got, err)
	}
	for i := range want {
		if !strings.HasPrefix(got[i], want[i]) {
			t.Errorf("mistake %q, want %q", got[i], want[i])
		}
	}
}

// The names in the environment are those of the file.
func TestEverySettingHasAVariable(t *testing.T) {
	values := map[string]string{
		"pin": "sha256:" + strings.Repeat("ab", 32), "backup_pin": strings.Repeat("ab", 32), "spool.max_bytes": "1MiB", "spool.max_age": "1d", "deadline": "5s",
		"flush_deadline": "6s", "concurrency": "3", "schedule_max_age": "5m", "allow_remote": "none", "host_info_deny": "procs", "host_info_arguments": "full", "proxy": "http://p:1",
		"endpoint": "a:1", "endpoints": "a:1,b:2", "client_key": "",
		"alarm.command": "/bin/x", "alarm.webhook": "https://x", "bundles": "off", "upgrade": "auto",
	}
	none, err := Load(filepath.Join(t.TempDir(), "x"), false, environment(), full.Parse)
	if err != nil {
		t.Fatal(err)
	}
	for i := range settings {
		if settings[i].variable() == "" {
			continue
		}
		value, known := values[settings[i].key]
		if !known {
			value = "x"
		}
		pairs := []string{settings[i].variable(), value}
		if settings[i].key == "client_key" {
			pairs = []string{"VIRGO_CLIENT_KEY", "k", "VIRGO_CLIENT_CERT", "c"}
		}
		c, err := Load(filepath.Join(t.TempDir(), "x"), false, environment(pairs...), full.Parse)
		if err != nil || len(c.Mistakes) > 0 {
			t.Errorf("%v: %v, %v", pairs, c.Mistakes, err)
		}
		c.env, none.env = nil, nil
		if same := fmt.Sprintf("%+v %q %q", c, c.Credential.reference(), c.AlarmWebhook.reference()) ==
			fmt.Sprintf("%+v %q %q", none, none.Credential.reference(), none.AlarmWebhook.reference()); same {
			t.Errorf("%v has no effect", pairs)
		}
	}
	c, err := Load(filepath.Join(t.TempDir(), "x"), false, environment("VIRGO_ENDPOINT", "a:1", "VIRGO_ENDPOINTS", "b:1"), full.Parse)
	if err != nil || c.Untrusted() == nil || len(c.Endpoints) > 0 {
		t.Errorf("both names: %v, %v, %v", c.Endpoints, c.Mistakes, err)
	}
}

func TestUnknownVariables(t *testing.T) {
	var c Config
	c.SetToken("env:VIRGO_SECRET")
	got := c.UnknownVariables([]string{
		"VIRGO_ENDPIONT=SECRET", "VIRGO_XYZ=1", "VIRGO_EMPTY=", "VIRGO_SECRET=t", "VIRGO_ENDPOINTS=a:1", "VIRGO_CONFIG=x", "VIRGO_ENDPOINT_DIR=d", "VIRGOX=1", "PATH=/bin",
		"VIRGO_BUNDLE_SIGNERS=RWQ", "VIRGO_SCRIPTS=/s",
	})
	if want := []string{"VIRGO_BUNDLE_SIGNERS, which only virgo.yaml can set", "VIRGO_ENDPIONT, did you mean VIRGO_ENDPOINT?", "VIRGO_XYZ"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}
