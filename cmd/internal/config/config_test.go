package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"virgo/schedule/yaml/full"
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

// The order is part of the contract: environment over file over default; the command line applies
// flags.
func TestPrecedence(t *testing.T) {
	everything := "endpoint: file:1\ntoken: file-token\nagent_id: from-file\nagent_name: n\npin: " + pinA + "\nca_file: /c\nserver_name: s\n" +
		"backup_pin: " + pinB + "\nclient_cert: /cc\nclient_key: /ck\nproxy: http://u:p@file:1\nno_proxy: [a, b]\n" +
		"spool: {max_bytes: 1MiB, max_age: 1d}\ndeadline: 10s\nflush_deadline: 1m\nconcurrency: 2\nschedule_max_age: 2h\nworker_user: file\n" +
		"environment: {A: 1, B: x y}\nallow_remote: [check.targets]\nhost_info_deny: [procs, cron]\nhost_info_arguments: full\n" +
		"alarm: {command: [/bin/file, a b], webhook: \"https://file/\"}\n" +
		"bundles: auto\nbundle_signers: [RWQ1 until 2027-06-30, keys/b.pub revoked]\nupgrade_signers: RWQ3\nupgrade: auto\nbundle_name: site\nbundle_channel: early\n"
	path := write(t, "virgo.yaml", everything, 0o600)
	signers := "RWQ1 until 2027-06-30|" + filepath.Join(filepath.Dir(path), "keys/b.pub") + " revoked"
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
		{"backup_pin", "VIRGO_BACKUP_PIN", pinA, func(c Config) any { return strings.Join(c.BackupPins, " ") }, "", pinB, pinA},
		{"client_cert", "VIRGO_CLIENT_CERT", "e", func(c Config) any { return c.ClientCert }, "", "/cc", "e"},
		{"client_key", "VIRGO_CLIENT_KEY", "e", func(c Config) any { return c.ClientKey }, "", "/ck", "e"},
		{"proxy", "VIRGO_PROXY", "socks5://env", func(c Config) any { return c.Proxy.URL() }, "", "http://u:p@file:1", "socks5://env"},
		{"no_proxy", "VIRGO_NO_PROXY", "c, d", func(c Config) any { return strings.Join(c.NoProxy, " ") }, "", "a b", "c d"},
		{"max_bytes", "VIRGO_SPOOL_MAX_BYTES", "2MiB", func(c Config) any { return c.SpoolMaxBytes }, int64(64 << 20), int64(1 << 20), int64(2 << 20)},
		{"max_age", "VIRGO_SPOOL_MAX_AGE", "2d", func(c Config) any { return c.SpoolMaxAge }, 720 * time.Hour, 24 * time.Hour, 48 * time.Hour},
		{"deadline", "VIRGO_DEADLINE", "20s", func(c Config) any { return c.Deadline }, 50 * time.Second, 10 * time.Second, 20 * time.Second},
		{"flush_deadline", "VIRGO_FLUSH_DEADLINE", "20s", func(c Config) any { return c.FlushDeadline }, 10 * time.Minute, time.Minute, 20 * time.Second},
		{"concurrency", "VIRGO_CONCURRENCY", "3", func(c Config) any { return c.Concurrency }, 128, 2, 3},
		{"allow_remote", "VIRGO_ALLOW_REMOTE", "host_info, check.test", func(c Config) any { return strings.Join(c.AllowRemote, " ") },
			"check.test check.targets host_info", "check.targets", "host_info check.test"},
		{"host_info_deny", "VIRGO_HOST_INFO_DENY", "packages", func(c Config) any { return strings.Join(c.HostInfoDeny, " ") }, "", "procs cron", "packages"},
		{"host_info_arguments", "VIRGO_HOST_INFO_ARGUMENTS", "names", func(c Config) any { return c.HostInfoArguments }, "names", "full", "names"},
		{"environment", "VIRGO_ENVIRONMENT", "C=2,D", func(c Config) any { return strings.Join(c.Environment, "|") }, "", "A=1|B=x y", "C=2|D"},
		{"alarm.command", "VIRGO_ALARM_COMMAND", "/bin/env", func(c Config) any { return strings.Join(c.AlarmCommand, "|") }, "", "/bin/file|a b", "/bin/env"},
		{"alarm.webhook", "VIRGO_ALARM_WEBHOOK", "https://env/", func(c Config) any { s, _ := c.AlarmWebhookURL(); return s }, "", "https://file/", "https://env/"},
		{"bundles", "VIRGO_BUNDLES", "off", func(c Config) any { return c.Bundles.Mode }, "manual", "auto", "off"},
		{"bundle_signers", "VIRGO_BUNDLE_SIGNERS", "RWQ2", func(c Config) any { return strings.Join(c.Bundles.Signers, "|") },
			"", signers, signers}, // a variable does not decide who may sign
		{"upgrade_signers", "VIRGO_UPGRADE_SIGNERS", "RWQ2", func(c Config) any { return strings.Join(c.UpgradeSigners, "|") }, "", "RWQ3", "RWQ3"},
		{"upgrade", "VIRGO_UPGRADE", "off", func(c Config) any { return c.Upgrade }, "off", "auto", "off"},
		{"bundle_name", "VIRGO_BUNDLE_NAME", "e", func(c Config) any { return c.Bundles.Name }, "standard", "site", "e"},
		{"bundle_channel", "VIRGO_BUNDLE_CHANNEL", "e", func(c Config) any { return c.Bundles.Channel }, "stable", "early", "e"},
		{"worker_user", "VIRGO_WORKER_USER", "env", func(c Config) any { return c.WorkerUser }, "", "file", "env"},
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
			c, err := strictly(from.path, false, from.env, full.Parse)
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

// allow_remote can be set to nothing in three ways, and remains so when virgo setup writes the file
// again.
func TestNoRemoteRequests(t *testing.T) {
	for text, variable := range map[string]string{
		"allow_remote: none\n": "", "allow_remote: [none]\n": "", "allow_remote: []\n": "", "allow_remote: [check.test]\n": "none",
	} {
		path := write(t, "virgo.yaml", text, 0o600)
		c, err := strictly(path, true, environment("VIRGO_ALLOW_REMOTE", variable), full.Parse)
		if err != nil || len(c.AllowRemote) != 0 {
			t.Errorf("%q, %q: %q, %v", text, variable, c.AllowRemote, err)
			continue
		}
		if err := c.Write(path); err != nil {
			t.Fatal(err)
		}
		if c, err := strictly(path, true, environment(), full.Parse); err != nil || len(c.AllowRemote) != 0 {
			t.Errorf("%q, written again: %q, %v", text, c.AllowRemote, err)
		}
	}
}
