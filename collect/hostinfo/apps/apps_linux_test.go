package apps

import (
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"testing"

	"virgo/collect/collecttest"
	"virgo/collect/hostinfo/conf"
	"virgo/collect/hostinfo/redact"
	"virgo/collect/hostinfo/source"
	"virgo/collect/hostinfo/sourcetest"
)

// A program that another user started may not name files for root to read.
func TestLsyncdReadsNoFileOfAnotherUser(t *testing.T) {
	if os.Geteuid() != 0 {
		collecttest.Lacks(t, "this test makes files of two users, as root alone can")
		return
	}
	h := &source.Host{Root: t.TempDir()}
	for name, owner := range map[string]int{"proc/7": 65534, "proc/8": 0, "root.lua": 0, "own.lua": 65534} {
		file := filepath.Join(h.Root, name)
		if err := os.MkdirAll(file, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.Chown(file, owner, owner); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		pid  int
		name string
		want bool
	}{
		{7, "/own.lua", true}, {7, "/root.lua", false}, {7, "/none.lua", false}, {8, "/root.lua", true},
		{8, "/own.lua", true}, {9, "/own.lua", false},
	} {
		if got := mayNameFile(h, c.pid, c.name); got != c.want {
			t.Errorf("%+v: %v", c, got)
		}
	}
}

// A setting of fail2ban that contains itself is bounded.
func TestJailValueIsBounded(t *testing.T) {
	c := jailConfig{
		"DEFAULT": {"a": "%(a)s%(a)s%(a)s", "b": "%(c)s", "c": "%(B)s", "d": "%(missing)s-%(__name__)s%("},
		"sshd":    {},
	}
	for key, most := range map[string]int{"a": 2 * redact.MaxExcerpt, "b": 20} {
		if got := c.value("sshd", key); len(got) > most {
			t.Errorf("%s: %d bytes", key, len(got))
		}
	}
	if got := c.value("sshd", "d"); got != "%(missing)s-sshd%(" {
		t.Errorf("%q", got)
	}
}

func TestParseLsyncd(t *testing.T) {
	got := parseLsyncd([]byte(`
-- sync { default.rsync, source = "/commented", target = "/x" }
for _, server in ipairs(servers) do
	sync { default.rsyncssh, source = '/a}b', host = server, targetdir = "/t" }
end
sync {`))
	want := []lsyncdSync{{Mode: "default.rsyncssh", Source: "/a}b", TargetDir: "/t"}}
	if !slices.Equal(got, want) {
		t.Errorf("%+v", got)
	}
}

// A variable's value is a secret by the variable's name, which is gone where the value is inserted.
func TestSecretVariablesAreRedacted(t *testing.T) {
	c := jailConfig{"x": {"logpath": "/l/%(cftoken)s/%(name)s", "cftoken": sourcetest.Secret, "name": "n"}}
	if got := c.value("x", "logpath"); got != "/l/[redacted]/n" {
		t.Errorf("%q", got)
	}
}

// A pipe in the place of a folder does not block.
func TestCountFilesDoesNotWaitForAPipe(t *testing.T) {
	h := &source.Host{Root: t.TempDir()}
	if err := syscall.Mkfifo(filepath.Join(h.Root, "pipe"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := countFiles(t.Context(), h, "/pipe", 1); err == nil {
		t.Error("a pipe is counted")
	}
}

func FuzzSettings(f *testing.F) {
	sourcetest.Seeds(f, "software/debian/etc/fail2ban/*.conf", "software/*/etc/postfix/main.cf",
		"software/debian.out/fail2ban-*")
	f.Fuzz(func(t *testing.T, b []byte) {
		parsePostconf(b)
		c := jailConfig{}
		for _, s := range conf.ParseINI(b, true) {
			c.set(s)
		}
		for _, j := range enabledJails(c) {
			if len(j.LogPath) > 2*redact.MaxExcerpt {
				t.Errorf("a path of %d bytes", len(j.LogPath))
			}
		}
		var j fail2banJail
		sourcetest.CheckJSON(t, b, parseJailList(b), parseJailStatus(b, &j), j)
	})
}

func FuzzLsyncd(f *testing.F) {
	sourcetest.Seeds(f, "software/debian/etc/lsyncd*/*", "software/redhat/etc/lsyncd.conf")
	f.Fuzz(func(t *testing.T, b []byte) { sourcetest.CheckJSON(t, b, parseLsyncd(b)) })
}
