package hostinfo

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// captured adds files of both captured systems as seeds.
func captured(f *testing.F, names ...string) {
	f.Helper()
	f.Add([]byte(nil))
	for _, name := range names {
		files, err := filepath.Glob("testdata/machine/*/" + name)
		if err != nil {
			f.Fatal(err)
		}
		for _, file := range files {
			b, err := os.ReadFile(file)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(b)
		}
	}
}

// tells says that a value is JSON, and not much longer than what it was made of.
func tells(t *testing.T, from []byte, value any) {
	t.Helper()
	b, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	if most := 4096 + 512*len(from); len(b) > most {
		t.Errorf("%d bytes made %d", len(from), len(b))
	}
}

func FuzzFstab(f *testing.F) {
	captured(f, "etc/fstab", "proc/self/mounts")
	f.Add([]byte(`a\ b \040\777\0 x password=a,,b,,,c 1 9999999999999999999999`))
	f.Fuzz(func(t *testing.T, b []byte) {
		mounts := parseFstab(b)
		tells(t, b, mounts)
		tells(t, b, stateOf(mounts))
	})
}

func FuzzLoginDefs(f *testing.F) {
	captured(f, "etc/login.defs")
	f.Fuzz(func(t *testing.T, b []byte) { tells(t, b, parseLoginDefs(b)) })
}

func FuzzPAM(f *testing.F) {
	captured(f, "etc/pam.d/*")
	f.Add([]byte("auth [a=b\n-account ] x\nsession [x] [y z] ] [\\\n"))
	f.Fuzz(func(t *testing.T, b []byte) { tells(t, b, parsePAM("x", b)) })
}

func FuzzPasswd(f *testing.F) {
	captured(f, "etc/passwd", "etc/shadow")
	f.Fuzz(func(t *testing.T, b []byte) {
		all := parsePasswd(b)
		addShadow(all, b)
		tells(t, b, all)
	})
}

func FuzzSSHD(f *testing.F) {
	captured(f, "etc/ssh/sshd_config", "etc/ssh/sshd_config.d/*")
	f.Add([]byte("Match all\nMatch User x\nInclude a\nPort=\"22\nMatch\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		c := sshdConfig{global: make(sshdSettings), include: func(string) []string { return []string{"x"} }, read: func(string) ([]byte, error) { return b[:len(b)/2], nil }}
		c.parse(b, 0)
		if _, err := json.Marshal(c.settings()); err != nil || c.files > maxSSHDFiles*(len(b)+2) {
			t.Errorf("%d files, %v", c.files, err)
		}
	})
}

func FuzzModules(f *testing.F) {
	captured(f, "proc/modules")
	f.Fuzz(func(t *testing.T, b []byte) { tells(t, b, parseModules(b)) })
}

func FuzzNetDev(f *testing.F) {
	captured(f, "proc/net/dev")
	f.Fuzz(func(t *testing.T, b []byte) { tells(t, b, parseNetDev(b)) })
}

func FuzzDeleted(f *testing.F) {
	captured(f, "proc/4242/maps")
	f.Add([]byte("0-1 r-xp 0 0:0 0 /usr/lib/x.so;5f3a0c1d (deleted)\n0-1 r-xp 0 0:0 0 (deleted) /\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, name := range parseDeleted(b) {
			if !strings.HasPrefix(name, "/") {
				t.Errorf("%q is no path", name)
			}
		}
	})
}

func FuzzOSRelease(f *testing.F) {
	captured(f, "etc/os-release")
	f.Fuzz(func(t *testing.T, b []byte) { tells(t, b, parseOSRelease(b)) })
}

func FuzzLogind(f *testing.F) {
	captured(f, "run/systemd/sessions/*")
	f.Fuzz(func(t *testing.T, b []byte) {
		if s, ok := parseLogind(b); ok && s.User == "" {
			t.Errorf("%+v", s)
		}
	})
}

func FuzzUtmp(f *testing.F) {
	captured(f, "var/log/wtmp", "run/utmp")
	f.Fuzz(func(t *testing.T, b []byte) {
		records := parseUtmp(b)
		if len(records)*384 > len(b) {
			t.Errorf("%d records of %d bytes", len(records), len(b))
		}
		l := loginsOf(records)
		tells(t, b, l)
		if n := len(l.Bootups) + len(l.LoggedIn) + len(l.PreviousLogins); n > len(records) {
			t.Errorf("%d entries of %d records", n, len(records))
		}
	})
}

func FuzzLshw(f *testing.F) {
	captured(f, "lshw") // debian.out, redhat.out
	f.Fuzz(func(t *testing.T, b []byte) {
		info, err := parseLshw(b)
		if err == nil {
			tells(t, b, info)
		}
	})
}

func FuzzProcStat(f *testing.F) {
	f.Add([]byte("7 (a) R 1 2) S 1 7 7 0 -1 4194560 1 0 0 0 1 2 0 0 39 19 1 0 100 1 1\n"), uint64(4096))
	f.Fuzz(func(t *testing.T, b []byte, resident uint64) {
		parsePriority(b, 0)
		parseShared(b, resident)
	})
}
