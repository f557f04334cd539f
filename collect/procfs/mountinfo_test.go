package procfs

import (
	"strings"
	"testing"
)

func TestUnescape(t *testing.T) {
	for in, want := range map[string]string{
		"": "", "/a": "/a", `/a\040b`: "/a b", `\134\134`: `\\`, `\011\012`: "\t\n", `\04`: `\04`, `\`: `\`, `\999`: `\999`, `\400`: `\400`, `\303\251`: "é",
	} {
		if got := string(Unescape([]byte(in))); got != want {
			t.Errorf("%q: %q", in, got)
		}
	}
}

func TestParseMount(t *testing.T) {
	for line, want := range map[string]string{
		"31 29 259:2 /pg /var/pg rw,nosuid shared:21 master:2 - xfs /dev/nvme0n1p2 rw,attr2 x": "31 29|259:2|/pg|/var/pg|rw,nosuid|xfs|/dev/nvme0n1p2|rw,attr2",
		"1 1 0:1 / / rw - rootfs rootfs rw":                                                    "1 1|0:1|/|/|rw|rootfs|rootfs|rw",
		"2 1 0:1 / /a rw - tmpfs  rw,size=1":                                                   "2 1|0:1|/|/a|rw|tmpfs||rw,size=1",
		"2 1 0:1 / /- rw - - - rw":                                                             "2 1|0:1|/|/-|rw|-|-|rw",
		"":                                                                                     "",
		"2 1 0:1 / /a rw shared:1 tmpfs x rw":                                                  "",
		"2 1 0:1 / /a rw - tmpfs":                                                              "",
		"2 1 0:1  / /a rw - tmpfs x rw":                                                        "",
		"x 1 0:1 / /a rw - tmpfs x rw":                                                         "",
		"2 -1 0:1 / /a rw - tmpfs x rw":                                                        "",
	} {
		m, ok := ParseMount([]byte(line))
		got := ""
		if ok {
			id := strings.Join(strings.Fields(line)[:2], " ")
			if m.ID == 0 || m.Parent == 0 {
				t.Errorf("%q: id %d, parent %d", line, m.ID, m.Parent)
			}
			got = id
			for _, f := range [][]byte{m.Device, m.Root, m.Point, m.Options, m.Kind, m.Source, m.SuperOptions} {
				got += "|" + string(f)
			}
		}
		if got != want {
			t.Errorf("%q: %s", line, got)
		}
	}
}
