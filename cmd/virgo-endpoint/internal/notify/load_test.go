package notify

import (
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"virgo/schedule/yaml/full"
)

const (
	password = "pa55w0rd-of-mail"
	chatURL  = "ntfy://ntfy.sh/t0pic-secret"
)

// reader reads files of the test's folder, whoever owns what is above it.
func reader() Reader {
	return Reader{Parse: full.Parse, Trusted: func(string) error { return nil }, Getenv: func(name string) string {
		return map[string]string{"CHAT": chatURL, "BEAT": "https://hc.example.com/b3at-secret"}[name]
	}}
}

func load(t *testing.T, text string) (*Config, string) {
	t.Helper()
	dir := t.TempDir()
	secret := filepath.Join(dir, "smtp.pw")
	if err := os.WriteFile(secret, []byte(password+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "notify.yaml")
	text = strings.ReplaceAll(text, "$DIR", filepath.ToSlash(dir))
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	c, problems := reader().Load(file)
	var lines []string
	for _, p := range problems {
		lines = append(lines, strings.TrimPrefix(p.Err.Error(), file+":"))
	}
	return c, strings.Join(lines, "\n")
}

const example = `notifiers:
  ops: {mail: {to: [ops@example.com, "Night <night@example.com>"], from: virgo@example.com, server: "smtp.example.com:587", tls: starttls, user: virgo, password: "file:$DIR/smtp.pw"}}
  chat: {url: "env:CHAT"}
  hook: {webhook: "https://example.com/hook", secret: "file:$DIR/smtp.pw", timeout: 5s}
  sms: {command: [/etc/virgo/sms.sh, "+4912345"], timeout: 20s}
routes:
  - {severity: critical, tags: [db], notify: [ops, sms], escalate: [{after: 30m, to: [chat]}], repeat: 4h}
  - {hosts: ["test-*"], notify: []}
  - {notify: [ops]}
heartbeat: [{url: "env:BEAT", every: 2m}]
fallback: [hook]
plans: {npABC: [ops, chat]}
group: 30s
`

func TestLoad(t *testing.T) {
	c, problems := load(t, example)
	if problems != "" {
		t.Fatal(problems)
	}
	m := c.Notifier("ops").Mail
	if m.Host != "smtp.example.com" || m.Port != 587 || m.Password.Reveal() != password || len(m.To) != 2 {
		t.Errorf("%+v", m)
	}
	if h := c.Notifier("hook"); h.Webhook.Key.Reveal() != password || h.Timeout.Seconds() != 5 || h.Kind() != "webhook" {
		t.Errorf("%+v", h)
	}
	if c.Notifier("chat").Chat.URL.Reveal() != chatURL || c.Notifier("sms").Command.Args[1] != "+4912345" {
		t.Errorf("%+v", c.Notifiers)
	}
	if len(c.Routes) != 3 || len(c.Routes[1].Notify) != 0 || c.Heartbeats[0].Every.Minutes() != 2 || c.Group.Seconds() != 30 {
		t.Errorf("%+v", c)
	}
	shown := fmt.Sprintf("%v %+v %#v %s", *c, *m, *c.Notifier("hook").Webhook, c.Heartbeats)
	for _, secret := range []string{password, chatURL, "b3at"} {
		if strings.Contains(shown, secret) {
			t.Errorf("a secret is printed: %s", shown)
		}
	}
}

func TestLoadWithoutAFileTellsNobody(t *testing.T) {
	c, problems := reader().Load(filepath.Join(t.TempDir(), "notify.yaml"))
	if len(problems) > 0 || !c.Silent() {
		t.Errorf("%+v, %v", c, problems)
	}
	if c, problem := load(t, "# only comments\n"); problem != "" || !c.Silent() {
		t.Errorf("%+v, %v", c, problem)
	}
}

// Each mistake is named with its line, costs its notifier alone, and quotes no value.
func TestMistakesInNotifyYAML(t *testing.T) {
	const plain = "hunter2-plain-secret"
	for name, c := range map[string]struct{ text, want string }{
		"secret":      {"notifiers:\n  a: {url: " + plain + "}", "2: url is no reference to a secret"},
		"slack URL":   {"notifiers:\n  a:\n    url: 'slack://" + plain + "'", "3: url is no reference to a secret"},
		"password":    {"notifiers:\n  a: {mail: {to: [a@b.c], from: a@b.c, server: s, user: u, password: " + plain + "}}", "2: password is no reference to a secret"},
		"user alone":  {"notifiers:\n  a: {mail: {to: [a@b.c], from: a@b.c, server: s, user: u}}", "2: mail has a user or a password alone"},
		"empty env":   {"notifiers:\n  a: {url: 'env:NONE'}", "2: url: env:NONE is empty"},
		"file":        {"notifiers:\n  a: {url: 'file:$DIR/none'}", "2: url: open "},
		"relative":    {"notifiers:\n  a: {url: 'file:none'}", "2: url: file: needs the full path"},
		"two ways":    {"notifiers:\n  a: {url: 'env:CHAT', command: [/bin/true]}", "2: a notifier has one of mail, webhook, url and command, not url and command"},
		"no way":      {"notifiers:\n  a: {timeout: 3s}", `2: notifier "a" says no way to tell`},
		"URL":         {"notifiers:\n  a: {webhook: 'ftp://" + plain + "'}", "2: webhook is no http or https URL"},
		"userinfo":    {"notifiers:\n  a: {webhook: 'https://u:" + plain + "@example.com/'}", "2: webhook has a password in it"},
		"cleartext":   {"notifiers:\n  a: {mail: {to: [a@b.c], from: a@b.c, server: mail.b.c, tls: none}}", "2: tls: none shows mail and password to whoever listens"},
		"address":     {"notifiers:\n  a: {mail: {to: [" + plain + "], from: a@b.c, server: s}}", "2: to has an invalid address"},
		"server":      {"notifiers:\n  a: {mail: {to: [a@b.c], from: a@b.c, server: 's:x'}}", "2: server is no HOST:PORT"},
		"command":     {"notifiers:\n  a: {command: [sms.sh]}", "2: command does not begin with the full path of a program"},
		"unknown key": {"notifiers:\n  a: {webhook: 'https://e.com', secert: x}", `2: unknown key "secert"`},
		"top":         {"notifers: {}", `1: unknown key "notifers"`},
		"name":        {"notifiers:\n  a: {command: [/bin/true]}\nroutes:\n  - {notify: [b]}", "4: notify: there is no notifier with the name \"b\"\n4: a route tells nobody"},
		"escalate":    {"notifiers:\n  a: {command: [/bin/true]}\nroutes:\n  - {notify: [a], escalate: [{after: 3x, to: [a]}]}", "4: after is no time between 1s and 168h0m0s\n4: an escalation needs after and to"},
		"severity":    {"notifiers:\n  a: {command: [/bin/true]}\nroutes:\n  - {notify: [a], severity: ok}", "4: severity is no state"},
		"heartbeat":   {"heartbeat:\n  - {every: 1m}", "2: a heartbeat has no url"},
		"list":        {"[]", "1: the file is no mapping"},
	} {
		t.Run(name, func(t *testing.T) {
			config, got := load(t, c.text+"\n")
			if !strings.HasPrefix(got, c.want) {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
			if strings.Contains(got, plain) {
				t.Errorf("a value is quoted: %s", got)
			}
			if config == nil {
				return
			}
			if n := config.Notifier("a"); n != nil && strings.HasPrefix(c.want, "2:") && (n.Fault == nil || n.Kind() != "") {
				t.Errorf("the notifier has no fault: %+v", n)
			}
		})
	}
}

// A file that somebody else may have written tells nobody.
func TestOnlyTheOwnersFileIsRead(t *testing.T) {
	file := filepath.Join(t.TempDir(), "notify.yaml")
	if err := os.WriteFile(file, []byte("notifiers:\n  a: {command: [/bin/true]}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	r := reader()
	r.Trusted = func(path string) error { return fmt.Errorf("%s is writable by others", path) }
	if c, problems := r.Load(file); c != nil || len(problems) != 1 || !strings.Contains(problems[0].Err.Error(), "writable by others") {
		t.Errorf("%+v, %v", c, problems)
	}
}

// A running endpoint takes another password as soon as its file has it.
func TestSame(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	read := func() *Config {
		c, problems := reader().Load(filepath.Join(dir, "notify.yaml"))
		if len(problems) > 0 {
			t.Fatal(problems)
		}
		return c
	}
	write("key", "one")
	write("notify.yaml", "notifiers:\n  a: {webhook: 'https://example.com', secret: 'file:"+filepath.ToSlash(dir)+"/key'}\n")
	was := read()
	if !was.Same(read()) || was.Same(nil) || was.Same(&Config{}) {
		t.Error("what did not change is not the same, or nothing is")
	}
	write("key", "two")
	if was.Same(read()) {
		t.Error("another secret is the same")
	}
}

// The examples that init writes are valid once the # are gone.
func TestExamplesOfInit(t *testing.T) {
	data, err := os.ReadFile("../folder/notify.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if c, problems := load(t, string(data)); problems != "" || !c.Silent() {
		t.Errorf("as it is: %+v, %s", c, problems)
	}
	var b strings.Builder
	begun := false
	for l := range strings.Lines(string(data)) {
		if begun = begun || l == "# notifiers:\n"; begun {
			b.WriteString(strings.TrimPrefix(strings.TrimPrefix(l, "#"), " "))
		}
	}
	text := strings.NewReplacer("file:/etc/virgo/", "file:$DIR/", "hook.key", "smtp.pw", "OPS_CHAT_URL", "CHAT", "HEARTBEAT_URL", "BEAT").Replace(b.String())
	c, problems := load(t, text)
	if problems != "" || len(c.Notifiers) != 4 || len(c.Routes) != 2 || len(c.Heartbeats) != 1 {
		t.Errorf("%s in\n%s", problems, text)
	}
}

func FuzzLoad(f *testing.F) {
	f.Add(example)
	f.Add("notifiers: {a: {mail: {}}, b: 3}\nroutes: [1, {notify: 2}]\nheartbeat: [x]")
	f.Fuzz(func(t *testing.T, text string) {
		root, err := full.Parse("notify.yaml", []byte(text))
		if err != nil {
			return
		}
		r := reader()
		r.Trusted = func(string) error { return os.ErrPermission }
		p := parser{file: "notify.yaml", reader: r, sum: sha256.New()}
		c := p.config(root)
		if c == nil && len(p.problems) == 0 {
			t.Error("no configuration, and no mistake")
		}
	})
}
