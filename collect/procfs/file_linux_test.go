package procfs

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

func linesOf(t *testing.T, text string, most int) []string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	var got []string
	err := EachLine(file, func(line []byte) bool {
		got = append(got, string(line))
		return len(got) < most
	})
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func TestEachLine(t *testing.T) {
	long := strings.Repeat("x", 4096)
	for text, want := range map[string][]string{
		"":                            nil,
		"\n":                          {""},
		"a\n\nb":                      {"a", "", "b"},
		"a\nb\n":                      {"a", "b"},
		long + "\nb\n":                {long, "b"},
		long + "yz\nb":                {long, "b"},
		long + long + long + "y\nb\n": {long, "b"},
		"a\n" + long[:4095] + "\nb":   {"a", long[:4095], "b"},
		long + "y":                    {long},
	} {
		if got := linesOf(t, text, 100); !reflect.DeepEqual(got, want) {
			t.Errorf("%.20q (%d bytes): %d lines", text, len(text), len(got))
		}
	}
	if got := linesOf(t, "a\nb\nc\n", 2); len(got) != 2 {
		t.Errorf("%q", got)
	}
	// Many lines, over the ends of many reads.
	var all []string
	for i := range 3000 {
		all = append(all, strings.Repeat("ab", i%40))
	}
	if got := linesOf(t, strings.Join(all, "\n")+"\n", 10000); !reflect.DeepEqual(got, all) {
		t.Errorf("%d lines", len(got))
	}
	if err := EachLine(filepath.Join(t.TempDir(), "none"), nil); !os.IsNotExist(err) {
		t.Error(err)
	}
	if err := EachLine(t.TempDir(), nil); err == nil || !strings.Contains(err.Error(), "is a directory") {
		t.Error(err)
	}
}

// A file is read whole up to the bound, whatever the size of the buffer.
func TestReadFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	text := strings.Repeat("0123456789", 1000)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, size := range []int{0, 1, 100, 9_999, 10_000, 20_000} {
		for _, most := range []int{0, 1, 4_095, 9_999, 10_000, 1 << 20} {
			got, err := ReadFile(file, make([]byte, size), most)
			if want := text[:min(most, len(text))]; err != nil || string(got) != want {
				t.Errorf("buffer of %d, at most %d: %d bytes, %v", size, most, len(got), err)
			}
		}
	}
	if _, err := ReadFile(filepath.Join(t.TempDir(), "none"), nil, 10); !os.IsNotExist(err) {
		t.Error(err)
	}
}

func TestFirstLine(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	for text, want := range map[string]string{"": "", "a b\n": "a b", "a\nb\n": "a", "0123456789": "01234567"} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if got, err := FirstLine(file, make([]byte, 8)); err != nil || string(got) != want {
			t.Errorf("%q: %q, %v", text, got, err)
		}
	}
}
