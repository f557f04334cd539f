package hostinfo

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"virgo/collect/hostinfo/sourcetest"
)

// A planter makes unique secrets and records where it planted them.
type planter struct {
	at map[string]string
	// word makes secrets that are plain words, as people choose them, in place of random ones.
	word bool
}

// mark is a secret: by its looks, or a word like any other.
func (p *planter) mark(where string) string {
	n := len(p.at)
	m := fmt.Sprintf("Vq9xPLANT%03dzk", n)
	if p.word {
		m = "planted" + string([]byte{byte('a' + n/676), byte('a' + n/26%26), byte('a' + n%26)})
	}
	p.at[m] = where
	return m
}

// leaks are the places whose secrets are in a text.
func (p *planter) leaks(text []byte) []string {
	var all []string
	for _, m := range regexp.MustCompile(`Vq9xPLANT\d+zk|planted[a-z]{3}`).FindAll(text, -1) {
		if where := p.at[string(m)]; !slices.Contains(all, where) {
			all = append(all, where)
		}
	}
	return all
}

// Programs may print secrets, too.
const plantedPrint = "password=%s\n--token %s\n-A INPUT -m comment --comment \"api_key=%s\" -j ACCEPT\n" +
	"Status: http://bob:%s@example.org/ \n{\"id\":\"x\",\"product\":\"password=%s\",\"configuration\":{\"token\":\"%s\"}}\n"

// places is how many secrets there are at least: more are welcome, fewer are a mistake.
const places = 190

// plant writes the files, and returns a host whose programs print secrets as well.
func (p *planter) plant(t *testing.T) *Host {
	t.Helper()
	root := t.TempDir()
	fill := func(where, text string) string {
		for strings.Contains(text, "%s") {
			text = strings.Replace(text, "%s", p.mark(where), 1)
		}
		return strings.ReplaceAll(text, "%%", "%")
	}
	for _, files := range []map[string]string{plants(), argumentPlants(), softwarePlants()} {
		for _, name := range slices.Sorted(maps.Keys(files)) {
			// gopsutil requires a live process.
			file := filepath.Join(root, strings.Replace(name, "proc/77/", fmt.Sprintf("proc/%d/", os.Getpid()), 1))
			if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(file, []byte(fill(name, files[name])), 0o755); err != nil {
				t.Fatal(err)
			}
		}
	}
	return &Host{Root: root, Output: func(_ context.Context, name string, args ...string) ([]byte, error) {
		out := fill("what "+name+" prints", plantedPrint)
		if name == "lshw" {
			_, out, _ = strings.Cut(out, "/ \n")
		}
		return []byte(out), nil
	}}
}

func TestNoAnswerHasASecret(t *testing.T) {
	for _, word := range []bool{false, true} {
		p := &planter{at: map[string]string{}, word: word}
		h := p.plant(t)
		if len(p.at) < places {
			t.Errorf("only %d secrets are planted", len(p.at))
		}
		for _, typ := range Types() {
			b, err := json.Marshal(answer(t.Context(), h, typ))
			if err != nil {
				t.Fatal(err)
			}
			for _, where := range p.leaks(b) {
				t.Errorf("words %v: %s has the secret of %s:\n%.4000s", word, typ.Name, where, b)
			}
		}
		// The types that read these files show the rest of them, so the test has read something.
		for name, want := range map[string]string{
			"passwd": `"bob"`, "fstab": "username=…,password=…,uid=…", "sshd": "/bin/x --password …", "pam": "passwd=…",
			"procs": "mysqldump -u… -p… --password=… --token … ", "cron": "mysqldump -u… -p… …",
			"sysctl": "--token=…", "login": "LDAP_PASSWORD", "lshw": `"token":"[redacted]"`, "deleted_libs": "/opt/app",
			"services": "app.service", "postfix": "smtp.example.org", "fail2ban": "/var/log/auth.log", "php": "128M",
			"iptables": "--comment …",
		} {
			a, err := Get(t.Context(), h, name)
			if err != nil {
				t.Fatal(err)
			}
			if b, _ := json.Marshal(a.Metrics); !strings.Contains(string(b), want) {
				t.Errorf("%s does not show %s: %s", name, want, b)
			}
		}
	}
}

// The owner's choice shows arguments as they are, and nothing else more.
func TestFullArguments(t *testing.T) {
	p := &planter{at: map[string]string{}, word: true}
	h := p.plant(t)
	h.Arguments.Full = true
	shown := []string{"cron", "filesystem", "fstab", "ip6tables", "iptables", "nginx_config", "pam", "procs", "sshd", "sysctl"}
	for _, typ := range Types() {
		b, err := json.Marshal(answer(t.Context(), h, typ))
		if err != nil {
			t.Fatal(err)
		}
		leaks := p.leaks(b)
		if len(leaks) > 0 && !slices.Contains(shown, typ.Name) {
			t.Errorf("%s has the secrets of %q", typ.Name, leaks)
		}
		if len(leaks) == 0 && slices.Contains([]string{"cron", "fstab", "pam", "procs", "sshd"}, typ.Name) {
			t.Errorf("%s does not show its arguments: %.2000s", typ.Name, b)
		}
	}
}

// Secrets in the command line and the environment of a real process of this host.
func TestNoAnswerHasASecretOfALiveProcess(t *testing.T) {
	p := &planter{at: map[string]string{}}
	args := []string{"-c", "echo; read x", "mysql", "-p" + p.mark("-p"),
		"--password=" + p.mark("--password="), "--token", p.mark("--token"),
		"--password", "two " + p.mark("a word behind a blank"), "PGPASSWORD=" + p.mark("PGPASSWORD"), "https://bob:" + p.mark("an address") + "@example.org/",
		"-H", "Authorization: Bearer " + p.mark("a header"), "redis-cli", "-a", p.mark("redis-cli"), "curl", "-u", "bob:" + p.mark("curl"),
		`{"client_secret": "` + p.mark("JSON") + `"}`, "-----BEGIN PRIVATE KEY-----\n" + p.mark("a key") + "\n-----END PRIVATE KEY-----"}
	cmd := exec.Command("sh", args...)
	cmd.Env = []string{"SECRET=" + p.mark("the environment"), "HOME=/" + p.mark("HOME")}
	sourcetest.Start(t, cmd)
	shown := false
	for _, typ := range Types() {
		b, err := json.Marshal(answer(t.Context(), &Host{}, typ))
		if err != nil {
			t.Fatal(err)
		}
		for _, where := range p.leaks(b) {
			t.Errorf("%s has the secret of %s", typ.Name, where)
		}
		const command = "sh -c … -p… --password=… --token … --password … PGPASSWORD=… … -H … -a … -u …"
		shown = shown || typ.Name == "procs" && strings.Contains(string(b), command)
	}
	if !shown {
		t.Error("the process is not shown")
	}
}
