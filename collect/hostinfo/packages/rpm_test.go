package packages

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"virgo/collect/hostinfo/sourcetest"
	"virgo/collect/program"
)

// Output that is too long is queried again for each package, then for each of its versions. What is
// too long even so is read from its beginning, which is the newest, and reported.
func TestLongChangelogsOfRPM(t *testing.T) {
	var asked []string
	h := sourcetest.Tree(t, map[string]string{"var/lib/rpm/Packages": ""}, nil)
	h.Output = func(_ context.Context, _ string, args ...string) ([]byte, error) {
		names := strings.Join(args[min(len(args), 4):], " ")
		asked = append(asked, names)
		tooMuch := fmt.Errorf("rpm %w", program.ErrTooMuch)
		switch {
		case args[0] == "-qa":
			return []byte("kernel\nkernel\nbash\nzlib\n"), nil
		case strings.Contains(names, " "):
			return nil, tooMuch
		case !strings.HasPrefix(args[2], rpmMark):
			return []byte("kernel-6-1.x86_64\nkernel-5-1.x86_64\n"), nil
		case names == "kernel" || names == "kernel-6-1.x86_64":
			return []byte(rpmMark + "kernel\n- fixes CVE-2024-0006\n- fixes CVE-2024-1234"), tooMuch
		case names == "kernel-5-1.x86_64":
			return []byte(rpmMark + "kernel\n- fixes CVE-2023-0005\n"), nil
		}
		return []byte(rpmMark + names + "\n- fixes CVE-2024-0001\n"), nil
	}
	got, err := readCVE(t.Context(), h)
	want := []fixedCVE{
		{"CVE-2023-0005", []string{"kernel"}},
		{"CVE-2024-0001", []string{"bash", "zlib"}},
		{"CVE-2024-0006", []string{"kernel"}},
	}
	if !reflect.DeepEqual(got, want) || !errors.Is(err, program.ErrTooMuch) ||
		!strings.Contains(err.Error(), "kernel-6-1.x86_64") {
		t.Errorf("%+v, %v", got, err)
	}
	queries := []string{
		"", "bash kernel zlib", "bash", "kernel", "kernel", "kernel-5-1.x86_64", "kernel-6-1.x86_64", "zlib",
	}
	if !slices.Equal(asked, queries) {
		t.Errorf("asked for %q", asked)
	}
}

// rpm leaves out a package with a damaged record and still ends with 0; the messages are captured.
func TestRPMError(t *testing.T) {
	for printed, want := range map[string]string{
		"": "",
		"warning: Found bdb_ro Packages database while attempting sqlite backend: using bdb_ro backend.\n":                              "",
		"warning: a\nerror: rpmdbNextIterator: skipping h#       9 tag[23]: BAD, tag 1044 type 6 offset -1 count -1 len 10\nerror: b\n": "rpm: rpmdbNextIterator: skipping h# 9 tag[23]: BAD, tag 1044 type 6 offset -1 count -1 len 10",
	} {
		got := ""
		if err := rpmError([]byte(printed)); err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("%q: %q", printed, got)
		}
	}
}

func FuzzChangelog(f *testing.F) {
	sourcetest.Seeds(f, "software/debian/usr/share/doc/*/changelog*", "software/redhat.out/rpm-changelog")
	f.Fuzz(func(t *testing.T, b []byte) {
		c := cveFindings{}
		c.addRPM(b)
		for _, r := range c.list() {
			if len(r.CVE) < len("CVE-1999-0001") || len(r.CVE) > len("CVE-1999-0000001") || len(r.Packages) == 0 {
				t.Errorf("%+v", r)
			}
		}
	})
}

func TestFindCVEs(t *testing.T) {
	got := findCVEs([]byte("CVE-2024-3094, (CVE-2023-1234567) cve-2020-1111 CVE-2020-123 CVE-2020-12345678 CVE-20-1234 CVE-2021-4444CVE-2021-5555 CVE-"))
	want := []string{"CVE-2024-3094", "CVE-2023-1234567", "CVE-2021-4444", "CVE-2021-5555"}
	if !slices.Equal(got, want) {
		t.Errorf("%v", got)
	}
}
