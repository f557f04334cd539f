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

// Encode gives virgo.yaml, with the token or its reference in it, and a word on each setting. Settings at
// their default are shown as comments. Paths become absolute: a timetable's run starts elsewhere. An
// error says that a value cannot be written as text.
func (c Config) Encode() ([]byte, error) {
	d := defaults(nil)
	e := encoder{}
	e.comment("virgo's configuration, written by `virgo setup`; every key may be changed by hand.")
	e.comment("It may hold a token: keep it its owner's alone (chmod 600).")

	e.about("Where results go: host:port or an SRV name that begins with an underscore, tried in order.")
	e.list("endpoint", c.Endpoints, "monitor.example.com:50041")
	e.about("The token, or where it lies: file:PATH, env:NAME, credential:NAME (systemd).")
	e.text("token", c.Credential.reference(), "file:/etc/virgo/token")
	e.about("This host's name to the endpoint, and its name for people.")
	e.text("agent_id", c.AgentID, "web-1")
	e.text("agent_name", c.AgentName, "web-1")
	e.about("Whom to trust in place of the system's certificates: a CA's file (PEM), the SHA-256 of the endpoint's",
		"public key, the name in its certificate.")
	e.text("ca_file", absolute(c.CAFile), "/etc/virgo/ca.pem")
	e.list("pin", c.Pins, "sha256:HEX")
	e.text("server_name", c.ServerName, "monitor.example.com")
	e.about("A pin of the key that the endpoint is going to have next; it is as good as the other.")
	e.list("backup_pin", c.BackupPins, "sha256:HEX")
	e.about("What this host shows to an endpoint that asks for a certificate (PEM).")
	e.text("client_cert", absolute(c.ClientCert), "/etc/virgo/client.pem")
	e.text("client_key", absolute(c.ClientKey), "/etc/virgo/client.key")
	e.about("The way to the endpoint: http://, https:// or socks5://[user:password@]host:port, or none; hosts that are",
		"reached without. Where it is left out, HTTPS_PROXY and NO_PROXY say it.")
	e.text("proxy", c.Proxy.reference(), "http://proxy.example.com:3128")
	e.list("no_proxy", c.NoProxy, "example.com")
	e.about("What may wait for the endpoint; past either bound the oldest results are dropped, and counted.")
	e.group("spool", c.SpoolMaxBytes == d.SpoolMaxBytes && c.SpoolMaxAge == d.SpoolMaxAge,
		"max_bytes", formatSize(c.SpoolMaxBytes), "max_age", formatSpan(c.SpoolMaxAge))
	e.about("A run ends by then, whatever hangs; so many checks run at a time; the endpoint's schedule is asked",
		"for again at that age.")
	e.measure("deadline", formatSpan(c.Deadline), formatSpan(d.Deadline))
	e.measure("concurrency", strconv.Itoa(c.Concurrency), strconv.Itoa(d.Concurrency))
	e.measure("schedule_max_age", formatSpan(c.ScheduleMaxAge), formatSpan(d.ScheduleMaxAge))
	e.about("What the endpoint may ask during a session, or none; host information that it is not told all the same.")
	e.list("allow_remote", c.allowRemote(), "["+strings.Join(Questions(), ", ")+"]")
	e.list("host_info_deny", c.HostInfoDeny, "procs")
	return e.out.Bytes(), e.err
}

// allowRemote is the setting as the file has it; nothing where it is the default.
func (c Config) allowRemote() []string {
	switch {
	case c.AllowRemote == nil, slices.Equal(c.AllowRemote, Questions()):
		return nil
	case len(c.AllowRemote) == 0:
		return []string{noQuestions}
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

// scalar writes text so that YAML reads back the same text.
func (e *encoder) scalar(key, s string) string {
	if !utf8.ValidString(s) {
		e.err = errors.Join(e.err, owners("%s: not UTF-8 text", key))
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

// plain says that s is text in YAML without quotes, in all its versions: it begins with a letter, an
// underscore or a slash, holds nothing that means something, and is no word for a truth value or for
// nothing.
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
