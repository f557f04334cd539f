package host

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
	write(t, file, text)
	var got []string
	err := eachLine(file, func(line []byte) bool {
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
	if err := eachLine(filepath.Join(t.TempDir(), "none"), nil); !os.IsNotExist(err) {
		t.Error(err)
	}
	if err := eachLine(t.TempDir(), nil); err == nil || !strings.Contains(err.Error(), "is a directory") {
		t.Error(err)
	}
}

func TestCutNumbers(t *testing.T) {
	for text, want := range map[string][]uint64{
		"":                          {},
		" \t1  2\t3 4":              {1, 2, 3},
		"18446744073709551615":      {1<<64 - 1},
		"00018446744073709551615 7": {1<<64 - 1, 7},
	} {
		n := make([]uint64, 3)
		got, err := cutNumbers([]byte(text), n)
		if err != nil || !reflect.DeepEqual(n[:got], want) {
			t.Errorf("%q: %v, %v", text, n[:got], err)
		}
	}
	for _, text := range []string{"18446744073709551616", "99999999999999999999", "-1", "1.5", "1 x", "1,2"} {
		if got, err := cutNumbers([]byte(text), make([]uint64, 3)); err == nil {
			t.Errorf("%q: %v", text, got)
		}
	}
}
