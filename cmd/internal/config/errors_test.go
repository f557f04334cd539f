package config

import (
	"errors"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"virgo/schedule/yaml/full"
)

func TestErrorsNameFileLineAndNextStep(t *testing.T) {
	for name, tc := range map[string]struct{ text, want, hint string }{
		"unknown key":       {"agent_id: a\nendpiont: b:1\n", `virgo.yaml:2: unknown key "endpiont"`, `did you mean "endpoint"?`},
		"no near key":       {"zzz: 1\n", `virgo.yaml:1: unknown key "zzz"`, "the keys are endpoint, endpoints, token, agent_id, agent_name, ca_file, pin, backup_pin, server_name, client_cert, client_key, proxy, no_proxy, spool, deadline, flush_deadline, concurrency, environment, worker_user, allow_remote, host_info_deny, host_info_arguments, alarm, schedule_max_age"},
		"nested unknown":    {"spool:\n  max_byte: 1\n", `virgo.yaml:2: unknown key "max_byte"`, `did you mean "max_bytes"?`},
		"nested outside":    {"max_bytes: 1\n", `virgo.yaml:1: unknown key "max_bytes"`, "the keys are"},
		"written flat":      {"spool.max_bytes: 64MiB\n", `virgo.yaml:1: unknown key "spool.max_bytes"`, ""},
		"wrong type":        {"agent_id: a\nconcurrency: many\n", "virgo.yaml:2: concurrency: not a whole number", ""},
		"list for text":     {"agent_id: [a]\n", "virgo.yaml:1: agent_id: expected text, found a list", ""},
		"map for text":      {"deadline: {s: 50}\n", "virgo.yaml:1: deadline: expected text, found a mapping", ""},
		"boolean for text":  {"server_name: true\n", "virgo.yaml:1: server_name: expected text, found a boolean", ""},
		"map in a list":     {"endpoint:\n  - {host: a, port: 1}\n", "virgo.yaml:2: endpoint: expected text in the list, found a mapping", ""},
		"null in a list":    {"pin: [~]\n", "virgo.yaml:1: pin: expected text in the list, found nothing", ""},
		"spool as text":     {"\nspool: 64MiB\n", "virgo.yaml:2: spool: expected max_bytes and max_age, found text", ""},
		"no mapping":        {"- a\n", "virgo.yaml:1: expected keys and values, found a list", "for example"},
		"text":              {"hello world\n", "virgo.yaml:1: expected keys and values, found text", "for example"},
		"invalid":           {"a: [1\nb: }", "virgo.yaml:", ""},
		"garbage":           {"\x00\x01\x02\xff\xfe", "virgo.yaml", ""},
		"an anchor":         {"token: &t abc\n", "virgo.yaml:1: anchors", ""},
		"no endpoint":       {"agent_id: a\nendpoint: nowhere\n", `virgo.yaml:2: endpoint: "nowhere" is neither host:port nor an SRV name`, `add the port: "nowhere:50041"`},
		"an URL":            {"endpoint: https://monitor.example.com:443/x\n", "neither host:port nor an SRV name", `an endpoint is not a URL: write "monitor.example.com:443", with the port`},
		"a port's name":     {"endpoint: a:https\n", "neither host:port", "for example"},
		"port 0":            {"endpoint: a:0\n", "neither host:port", "for example"},
		"port 65536":        {"endpoint: a:65536\n", "neither host:port", "for example"},
		"no host":           {"endpoint: \":50041\"\n", "neither host:port", "for example"},
		"bare IPv6":         {"endpoint: \"2001:db8::1:50041\"\n", "neither host:port", "[2001:db8::1]:50041"},
		"half an SRV name":  {"endpoint: _monitoringagent\n", "neither host:port", "_monitoringagent._tcp.example.com"},
		"too many":          {"endpoint: [" + strings.Repeat("a:1,", 17) + "]\n", "17 endpoints, more than 16", ""},
		"no pin":            {"pin: sha256:abc\n", `virgo.yaml:1: pin: "sha256:abc" is not the SHA-256 of a public key`, "virgo-endpoint init"},
		"invalid size":      {"spool: {max_bytes: lots}\n", `virgo.yaml:1: spool.max_bytes: "lots" is not a size`, ""},
		"small size":        {"spool: {max_bytes: 64}\n", "spool.max_bytes: 64 is less than 64KiB", ""},
		"huge size":         {"spool: {max_bytes: 9999999TiB}\n", "is not a size", ""},
		"invalid duration":  {"deadline: soon\n", `virgo.yaml:1: deadline: "soon" is not a duration`, ""},
		"duration, no unit": {"spool:\n  max_age: 30\n", `virgo.yaml:2: spool.max_age: "30" is not a duration such as 50s, 1h or 30d`, ""},
		"negative duration": {"deadline: -5s\n", "is not a duration", ""},
		"out of bounds":     {"deadline: 1ms\n", "virgo.yaml:1: deadline: 1ms is not between 1s and 1d", ""},
		"concurrency 0":     {"concurrency: 0\n", "concurrency: 0 is not between 1 and 1024", ""},
		"a request":         {"allow_remote: [check.tset]\n", `virgo.yaml:1: allow_remote: "check.tset" is not a known request`, `did you mean "check.test"?`},
		"none and more":     {"allow_remote: [none, check.test]\n", `allow_remote: "none" is not a known request`, "use check.test"},
		"shown arguments":   {"host_info_arguments: ful\n", `virgo.yaml:1: host_info_arguments: "ful" is neither names nor full`, `did you mean "full"?`},
		"a denied type":     {"host_info_deny: [cpu, prosc]\n", `virgo.yaml:1: host_info_deny: "prosc" is not a type of host information`, `did you mean "procs"?`},
		"both":              {"endpoint: a:1\nendpoints: [b:1]\n", "virgo.yaml:2: endpoint and endpoints are both set", ""},
		"a long id":         {"agent_id: " + strings.Repeat("x", 300) + "\n", "is longer than 256 bytes", ""},
		"control":           {"agent_name: \"a\\nb\"\n", "virgo.yaml:1: agent_name:", ""},
		"a space in an id":  {"agent_id: a b\n", `virgo.yaml:1: agent_id: "a b" contains a space`, ""},
		"duplicate key":     {"agent_id: a\nagent_id: b\n", `virgo.yaml:2: duplicate key "agent_id", first in line 1`, ""},
		"two lines":         {"token: |\n  a\n  b\n", "virgo.yaml:1: token: not one line of text", ""},
		"a long token":      {"token: " + strings.Repeat("x", 5000) + "\n", "virgo.yaml:1: token: longer than 4096 bytes", ""},
		"legacy junk":       {"monitoring_token T\nnonsense here\n", "virgo.yaml:2: not a key, a space and a value", "for example"},
		"legacy empty":      {"monitoring_token\n", "virgo.yaml:1: monitoring_token has no value", ""},
		"legacy with YAML":  {"monitoring_token: T\n", "virgo.yaml:1: not a key, a space and a value", "for example"},
		"legacy endpoint":   {"monitoring_id a\nmonitoring_endpoints a:1,b\n", `virgo.yaml:2: monitoring_endpoints: "b" is neither`, "add the port"},
	} {
		t.Run(name, func(t *testing.T) {
			path := write(t, "virgo.yaml", tc.text, 0o600)
			_, err := strictly(path, true, environment(), full.Parse)
			if err == nil || !IsError(err) || !strings.Contains(err.Error(), tc.want) {
				t.Fatalf("got %v, want %q", err, tc.want)
			}
			var o *Error
			if errors.As(err, &o); !strings.Contains(o.Hint(), tc.hint) {
				t.Errorf("hint %q, want %q", o.Hint(), tc.hint)
			}
			if strings.ContainsAny(err.Error(), "\n\x00") || len(err.Error()) > 500 {
				t.Errorf("not one short line: %q", err)
			}
		})
	}
}

func TestErrorsInTheEnvironmentNameTheVariable(t *testing.T) {
	for variable, value := range map[string]string{
		"VIRGO_ENDPOINT": "nowhere", "VIRGO_PIN": "x", "VIRGO_SPOOL_MAX_BYTES": "lots", "VIRGO_SPOOL_MAX_AGE": "30", "VIRGO_DEADLINE": "0s",
		"VIRGO_CONCURRENCY": "x", "VIRGO_SCHEDULE_MAX_AGE": "never", "VIRGO_AGENT_ID": "a b", "VIRGO_AGENT_NAME": "a\nb",
		"VIRGO_SERVER_NAME": strings.Repeat("x", 257), "VIRGO_CA_FILE": "a\x01b", "VIRGO_TOKEN": "a\nb",
		"VIRGO_BACKUP_PIN": "x", "VIRGO_CLIENT_CERT": "a\x01b", "VIRGO_PROXY": "ftp://x", "VIRGO_NO_PROXY": "a\x01",
	} {
		_, err := strictly(filepath.Join(t.TempDir(), "none"), false, environment(variable, value), full.Parse)
		if !IsError(err) || !strings.HasPrefix(err.Error(), variable+": ") {
			t.Errorf("%s=%q: %v", variable, value, err)
		}
	}
}

func TestUnreadableFiles(t *testing.T) {
	dir := t.TempDir()
	for name, tc := range map[string]struct {
		path, want string
		named      bool
	}{
		"named but missing": {filepath.Join(dir, "x.yaml"), "x.yaml", true},
		"a folder":          {dir, "not a regular file", false},
		"10 MB":             {write(t, "virgo.yaml", strings.Repeat("#", 10<<20), 0o600), "larger than 32768 bytes", false},
		"10 MB of quotes":   {write(t, "virgo.yaml", "a: \""+strings.Repeat("\n", 10<<20), 0o600), "larger than 32768 bytes", false},
	} {
		if _, err := strictly(tc.path, tc.named, environment(), full.Parse); !IsError(err) || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	_, err := strictly(filepath.Join(dir, "x y.yaml"), true, environment(), full.Parse)
	var o *Error
	if want := "virgo setup --config '" + filepath.Join(dir, "x y.yaml") + "' writes one"; !errors.As(err, &o) || o.Hint() != want {
		t.Errorf("hint %q, want %q", o.Hint(), want)
	}
}

func TestValidateNamesTheKey(t *testing.T) {
	changes := map[string]func(*Config){
		"endpoint":            func(c *Config) { c.Endpoints = []string{"a"} },
		"token":               func(c *Config) { c.SetToken("a\nb") },
		"agent_id":            func(c *Config) { c.AgentID = "a b" },
		"agent_name":          func(c *Config) { c.AgentName = "\x1b" },
		"ca_file":             func(c *Config) { c.CAFile = "a\nb" },
		"pin":                 func(c *Config) { c.Pins = []string{"p"} },
		"backup_pin":          func(c *Config) { c.BackupPins = []string{"p"} },
		"client_cert":         func(c *Config) { c.ClientCert = "a\nb" },
		"client_key":          func(c *Config) { c.ClientKey = "key without certificate" },
		"proxy":               func(c *Config) { c.SetProxy("gopher://x") },
		"no_proxy":            func(c *Config) { c.NoProxy = []string{"a b"} },
		"server_name":         func(c *Config) { c.ServerName = "\xff" },
		"spool.max_bytes":     func(c *Config) { c.SpoolMaxBytes = -1 },
		"spool.max_age":       func(c *Config) { c.SpoolMaxAge = 0 },
		"deadline":            func(c *Config) { c.Deadline = 0 },
		"flush_deadline":      func(c *Config) { c.FlushDeadline = 0 },
		"concurrency":         func(c *Config) { c.Concurrency = 1025 },
		"environment":         func(c *Config) { c.Environment = []string{"1A=x"} },
		"worker_user":         func(c *Config) { c.WorkerUser = "a b" },
		"schedule_max_age":    func(c *Config) { c.ScheduleMaxAge = -1 },
		"allow_remote":        func(c *Config) { c.AllowRemote = []string{"x"} },
		"host_info_arguments": func(c *Config) { c.HostInfoArguments = "some" },
		"alarm.command":       func(c *Config) { c.AlarmCommand = []string{"alarm.sh"} },
		"alarm.webhook":       func(c *Config) { c.AlarmWebhook = secret("ftp://x") },
		"bundles":             func(c *Config) { c.Bundles.Mode = "" },
		"bundle_signers":      func(c *Config) { c.Bundles.Signers = []string{"a\nb"} },
		"upgrade_signers":     func(c *Config) { c.UpgradeSigners = []string{"a\nb"} },
		"upgrade":             func(c *Config) { c.Upgrade = "manual" },
		"bundle_name":         func(c *Config) { c.Bundles.Name = "a/b" },
		"bundle_channel":      func(c *Config) { c.Bundles.Channel = "--" },
		"host_info_deny":      func(c *Config) { c.HostInfoDeny = []string{"x"} },
	}
	for key, change := range changes {
		c := defaults(nil)
		if err := c.Validate(); err != nil {
			t.Fatal(err)
		}
		change(&c)
		if err := c.Validate(); !IsError(err) || !strings.HasPrefix(err.Error(), key+": ") {
			t.Errorf("%s: %v", key, err)
		}
	}
	for _, setting := range settings {
		if setting.key != "endpoints" && changes[setting.key] == nil {
			t.Errorf("no invalid value of %s is tried", setting.key)
		}
	}
}

// A spool that a program of 32 bits cannot map is refused; one of 64 bits takes it.
func TestSpoolBytesFitTheAddresses(t *testing.T) {
	for size, want := range map[int64]bool{1 << 30: true, 1<<30 + 1: strconv.IntSize == 64, 1 << 40: strconv.IntSize == 64, 1<<40 + 1: false} {
		if err := checkSpoolBytes(size); (err == nil) != want {
			t.Errorf("%d: %v", size, err)
		}
	}
}
