package accounts

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"virgo/collect/hostinfo/redact"
	"virgo/collect/hostinfo/source"
	"virgo/collect/hostinfo/sourcetest"
)

func TestFileperms(t *testing.T) {
	h := &source.Host{Root: t.TempDir()}
	for _, d := range []string{"etc/cron.d", "tmp"} {
		if err := os.MkdirAll(filepath.Join(h.Root, d), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for name, mode := range map[string]os.FileMode{"etc/shadow": 0o640,
		"etc/crontab": 0o755 | os.ModeSetuid | os.ModeSetgid} {
		if err := os.WriteFile(filepath.Join(h.Root, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(filepath.Join(h.Root, name), mode); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chmod(filepath.Join(h.Root, "tmp"), 0o777|os.ModeSticky); err != nil {
		t.Fatal(err)
	}
	got := sourcetest.Read[[]filePermissions](t, h, filepermsType())
	id := strconv.Itoa(os.Getuid())
	group := strconv.Itoa(os.Getgid())
	want := []filePermissions{
		{FileName: "/etc/shadow", OctalPerm: 416, Mode: "0640"},
		{FileName: "/etc/crontab", OctalPerm: 493, Mode: "6755", SetUID: true, SetGID: true},
		{FileName: "/etc/cron.d", OctalPerm: 493, Mode: "0755"},
		{FileName: "/tmp", OctalPerm: 511, Mode: "1777", StickyBit: true},
	}
	for i := range want {
		want[i].Owner, want[i].Group = id, group
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %+v\nwant %+v", got, want)
	}
}

func FuzzLoginDefs(f *testing.F) {
	sourcetest.Seeds(f, "machine/*/etc/login.defs")
	f.Fuzz(func(t *testing.T, b []byte) { sourcetest.CheckJSON(t, b, parseLoginDefs(b)) })
}

func FuzzPAM(f *testing.F) {
	sourcetest.Seeds(f, "machine/*/etc/pam.d/*")
	f.Add([]byte("auth [a=b\n-account ] x\nsession [x] [y z] ] [\\\n"))
	f.Fuzz(func(t *testing.T, b []byte) { sourcetest.CheckJSON(t, b, parsePAM("x", b, redact.Arguments{})) })
}

func FuzzPasswd(f *testing.F) {
	sourcetest.Seeds(f, "machine/*/etc/passwd", "machine/*/etc/shadow")
	f.Fuzz(func(t *testing.T, b []byte) {
		all := parsePasswd(b)
		addShadow(all, b)
		sourcetest.CheckJSON(t, b, all)
	})
}

// The bytes per second are the same for both sizes: the time is linear.
func BenchmarkHostilePAM(b *testing.B) {
	for _, size := range []int{1 << 10, 64 << 10} {
		b.Run(fmt.Sprintf("%dKiB", size>>10), func(b *testing.B) {
			line := []byte("auth " + strings.Repeat("[ ", size))
			b.SetBytes(int64(size))
			for b.Loop() {
				parsePAM("x", line, redact.Arguments{})
			}
		})
	}
}

func TestShadowDates(t *testing.T) {
	all := parsePasswd([]byte("a:x:1:1::/:/bin/sh\nb:x:2:2::/:/bin/sh\nc::3:3::/:/bin/sh\n+nis:x:4:4::/:/bin/sh\n"))
	addShadow(all, []byte("a:*:0:0:99999:7:::\nb:!x:19000:-1:x:7:14:20000:\nunknown:x:1:1:1:1:1:1:\n"))
	if len(all) != 3 || all[0].Changed != "" || all[0].Status != "L" || *all[0].MinDays != 0 || all[0].Expires != "" {
		t.Errorf("%+v", all)
	}
	if b := all[1]; b.Changed != "2022-01-08" || b.Status != "L" || b.MinDays != nil || b.MaxDays != nil ||
		*b.Inactive != 14 || b.Expires != "2024-10-04" {
		t.Errorf("%+v", b)
	}
	if all[2].Status != "NP" {
		t.Errorf("%+v", all[2])
	}
}
