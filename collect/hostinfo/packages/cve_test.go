package packages

import (
	"bytes"
	"compress/gzip"
	"os"
	"reflect"
	"testing"

	"virgo/collect/hostinfo/sourcetest"
)

// Of a package only Debian's changelog is read if there is one, and of linked folders the target.
func TestReadDebianChangelogs(t *testing.T) {
	pack := func(text string) string {
		var b bytes.Buffer
		z := gzip.NewWriter(&b)
		z.Write([]byte(text))
		z.Close()
		return b.String()
	}
	h := sourcetest.Tree(t, map[string]string{
		"usr/share/doc/a/changelog.Debian.gz": pack("fixes CVE-2024-0001"),
		"usr/share/doc/a/changelog.gz":        pack("upstream fixes CVE-2024-0002"),
		"usr/share/doc/b/changelog.gz":        pack("fixes CVE-2024-0003\nand CVE-2024-0001"),
	}, nil)
	if err := os.Symlink("a", h.Path("/usr/share/doc/linked")); err != nil {
		t.Fatal(err)
	}
	got := sourcetest.Read[[]fixedCVE](t, h, cveType())
	want := []fixedCVE{{"CVE-2024-0001", []string{"a", "b"}}, {"CVE-2024-0003", []string{"b"}}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%+v", got)
	}
	// A changelog is read up to a bound of its own.
	lines := 0
	read, err := readDebianChangelog(h, "/usr/share/doc/b/changelog.gz", 10, func([]byte) { lines++ })
	if read != 10 || lines != 1 || err != nil {
		t.Errorf("%d bytes, %d lines, %v", read, lines, err)
	}
}
