package config

import (
	"bytes"
	"errors"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Encode returns virgo.yaml, with a comment on each setting and with the token or its reference.
// Settings that have their default are commented out. Paths become absolute, because the timer
// starts runs in another folder. It fails if a value is not valid text.
func (c Config) Encode() ([]byte, error) {
	d := defaults(nil)
	e := encoder{}
	e.comment("The configuration of virgo, written by `virgo setup`. You may edit every key.")
	e.comment("It may contain a token: only its owner may read it (chmod 600).")

	e.about("Where results are sent: host:port or an SRV name that begins with an underscore, tried in order.")
	e.list("endpoint", c.Endpoints, "monitor.example.com:50041")
	e.about("The token, or where to read it: file:PATH, env:NAME, credential:NAME (systemd). It lets this host enrol; the",
		"one that `virgo setup` was given is in the state folder, and is needed until each endpoint has this host's key.")
	e.text("token", c.Credential.reference(), "file:/etc/virgo/token")
	e.about("The id of this host at the endpoint, and its name for people.")
	e.text("agent_id", c.AgentID, "web-1")
	e.text("agent_name", c.AgentName, "web-1")
	e.about("How to verify the endpoint, instead of with the system's certificates: a file of CA certificates (PEM),",
		"the SHA-256 of the endpoint's public key, the name in its certificate.")
	e.text("ca_file", absolute(c.CAFile), "/etc/virgo/ca.pem")
	e.list("pin", c.Pins, "sha256:HEX")
	e.text("server_name", c.ServerName, "monitor.example.com")
	e.about("The SHA-256 of the endpoint's next key, accepted like pin.")
	e.list("backup_pin", c.BackupPins, "sha256:HEX")
	e.about("The certificate and key (PEM) of this host, for an endpoint that asks for one.")
	e.text("client_cert", absolute(c.ClientCert), "/etc/virgo/client.pem")
	e.text("client_key", absolute(c.ClientKey), "/etc/virgo/client.key")
	e.about("The proxy to the endpoint: http://, https:// or socks5://[user:password@]host:port, or none; and the hosts",
		"that are reached without it. The defaults are HTTPS_PROXY and NO_PROXY.")
	e.text("proxy", c.Proxy.reference(), "http://proxy.example.com:3128")
	e.list("no_proxy", c.NoProxy, "example.com")
	e.about("The results that may wait for delivery. Beyond either bound the oldest are dropped, and counted.")
	e.group("spool", c.SpoolMaxBytes == d.SpoolMaxBytes && c.SpoolMaxAge == d.SpoolMaxAge,
		"max_bytes", formatSize(c.SpoolMaxBytes), "max_age", formatDuration(c.SpoolMaxAge))
	e.about("The longest duration of a run, and of virgo flush, whatever hangs; the number of slow checks that run at",
		"the same time; the age at which the endpoint's schedule is fetched again.")
	e.measure("deadline", formatDuration(c.Deadline), formatDuration(d.Deadline))
	e.measure("flush_deadline", formatDuration(c.FlushDeadline), formatDuration(d.FlushDeadline))
	e.measure("concurrency", strconv.Itoa(c.Concurrency), strconv.Itoa(d.Concurrency))
	e.measure("schedule_max_age", formatDuration(c.ScheduleMaxAge), formatDuration(d.ScheduleMaxAge))
	e.about("Variables of plugins besides the usual ones (PATH, HOME, LANG, TZ, …): a mapping, or a list of NAME=value; a",
		"NAME alone is the variable that virgo itself was started with.")
	e.list("environment", c.Environment, "{ORACLE_HOME: /opt/oracle}")
	e.about("The user that checks of services and other hosts run as if virgo is root, because they parse what others",
		"send. The default is virgo if there is such a user, else root.")
	e.text("worker_user", c.WorkerUser, "virgo")
	e.about("Who is told of alarms of this host's own checks (checks.d), besides a line on standard error: a program, which",
		"gets the change as JSON and as variables VIRGO_ALARM_*, and a URL to which it is posted; or file:PATH, env:NAME.")
	e.alarm(c)
	e.policy(c)
	e.bundles(c)
	e.about("What host information shows of command lines, cron jobs, mount options: names of programs and options, or",
		"full, which shows secrets.")
	e.measure("host_info_arguments", c.HostInfoArguments, d.HostInfoArguments)
	return e.out.Bytes(), e.err
}

// allowRemote returns the questions that are allowed, for the file; nil if they are the default.
func (c Config) allowRemote() []string {
	switch {
	case c.AllowRemote == nil, slices.Equal(c.AllowRemote, remoteRequests()):
		return nil
	case len(c.AllowRemote) == 0:
		return []string{noRequests}
	}
	return c.AllowRemote
}

func absolute(path string) string {
	if path == "" {
		return ""
	}
	if abs, err := filepath.Abs(path); err == nil {
		return abs
	}
	return path
}

// alarm writes the group alarm.
func (e *encoder) alarm(c Config) {
	command, webhook := c.AlarmCommand, c.AlarmWebhook.reference()
	if len(command) == 0 && webhook == "" {
		e.line("#alarm:")
	} else {
		e.line("alarm:")
	}
	if len(command) == 0 {
		e.line("#  command: [/etc/virgo/alarm.sh]")
	} else {
		e.line("  command:")
		for _, word := range command {
			e.line("    - ", e.scalar("alarm.command", word))
		}
	}
	if webhook == "" {
		e.line("#  webhook: https://example.com/alarms")
	} else {
		e.line("  webhook: ", e.scalar("alarm.webhook", webhook))
	}
}

type encoder struct {
	out bytes.Buffer
	err error
}

func (e *encoder) line(parts ...string) {
	for _, p := range parts {
		e.out.WriteString(p)
	}
	e.out.WriteByte('\n')
}

func (e *encoder) comment(text string) { e.line("# ", text) }

func (e *encoder) about(lines ...string) {
	e.line()
	for _, l := range lines {
		e.comment(l)
	}
}

func (e *encoder) text(key, value, example string) {
	if value == "" {
		e.line("#", key, ": ", example)
		return
	}
	e.line(key, ": ", e.scalar(key, value))
}

func (e *encoder) list(key string, values []string, example string) {
	if len(values) < 2 {
		e.text(key, strings.Join(values, ""), example)
		return
	}
	e.line(key, ":")
	for _, v := range values {
		e.line("  - ", e.scalar(key, v))
	}
}

func (e *encoder) measure(key, value, byDefault string) {
	sign := ""
	if value == byDefault {
		sign = "#"
	}
	e.line(sign, key, ": ", value)
}

func (e *encoder) group(key string, byDefault bool, pairs ...string) {
	sign := ""
	if byDefault {
		sign = "#"
	}
	e.line(sign, key, ":")
	for i := 0; i < len(pairs); i += 2 {
		e.line(sign, "  ", pairs[i], ": ", pairs[i+1])
	}
}

// scalar returns text in a form that every YAML parser reads as the same text.
func (e *encoder) scalar(key, s string) string {
	if !utf8.ValidString(s) {
		e.err = errors.Join(e.err, errorf("%s: not UTF-8 text", key))
	}
	if plain(s) {
		return s
	}
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r < 0x10000 && !unicode.IsPrint(r):
			b.WriteString(`\u`)
			digits := strconv.FormatInt(int64(r), 16)
			b.WriteString("0000"[len(digits):] + digits)
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}

// plain reports whether s without quotes is text in all versions of YAML: it begins with a letter, an
// underscore or a slash, has no indicator in it, and is not a word for a boolean or null.
func plain(s string) bool {
	const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	if s == "" || !strings.ContainsRune(letters+"_/", rune(s[0])) || strings.HasSuffix(s, ":") {
		return false
	}
	if strings.Trim(s, letters+"0123456789_/.:-") != "" {
		return false
	}
	switch strings.ToLower(s) {
	case "true", "false", "yes", "no", "on", "off", "y", "n", "null":
		return false
	}
	return true
}
