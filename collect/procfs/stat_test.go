package procfs

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

// stat is the content of /proc/PID/stat with all fields up to the 24th, each another number.
func stat(name string) string {
	return "42 (" + name + ") S 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 18446744073709551615 1 0 0\n"
}

// The name is the process's own choice: whatever it is, the other fields are read right.
func TestParseStatWithAnyName(t *testing.T) {
	want := Stat{
		PID: 42, Parent: 4, Group: 5, Session: 6, State: 'S', UserTicks: 14, SystemTicks: 15,
		Priority: 18, Nice: 19, Threads: 20, Start: 22, RSS: 24,
	}
	for _, name := range []string{
		"sh", "", " ", ") (", "a) R 1 (b", "(", ")", "()", ") Z 1 2 3 4 5 6 7 8 9 10 11 12", "two\nlines", "\n", "a\tb",
		"\x00\xff", "tmux: server", strings.Repeat("x", 64),
	} {
		if got, err := ParseStat([]byte(stat(name))); err != nil || got != want {
			t.Errorf("%q: %+v, %v", name, got, err)
		}
	}
}

func TestParseStatExtremes(t *testing.T) {
	const largest = "18446744073709551615"
	text := strings.NewReplacer(" 14 ", " "+largest+" ", " 22 ", " "+largest+" ", " 5 6 ", " -1 -1 ").Replace(stat("x"))
	s, err := ParseStat([]byte(text))
	if err != nil || s.UserTicks != 1<<64-1 || s.Start != 1<<64-1 || s.Group != -1 || s.Session != -1 {
		t.Errorf("%+v, %v", s, err)
	}
	for state, want := range map[string]bool{"R": false, "S": false, "I": false, "t": false, "Z": true, "X": true, "x": true} {
		s, err := ParseStat([]byte(strings.Replace(stat("x"), " S ", " "+state+" ", 1)))
		if err != nil || s.Ended() != want {
			t.Errorf("state %s: %+v, %v", state, s, err)
		}
	}
}

func TestParseStatErrors(t *testing.T) {
	good := stat("sh")
	for _, text := range []string{
		"", "42", "42 sh S 4 5", ") (", "(sh", "sh)", "42 (sh)", good[:len("42 (sh) S 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 ")],
		strings.Replace(good, "42 ", "x ", 1), strings.Replace(good, " S ", " SS ", 1), strings.Replace(good, " 4 ", " four ", 1),
		strings.Replace(good, " 4 ", " 4294967296 ", 1), strings.Replace(good, " 22 ", " 18446744073709551616 ", 1),
		strings.Replace(good, " 14 ", " -1 ", 1), strings.Replace(good, " 24 ", " 2.4 ", 1),
	} {
		if s, err := ParseStat([]byte(text)); !errors.Is(err, ErrStat) {
			t.Errorf("%q: %+v, %v", text, s, err)
		}
	}
}

// Whatever the name, what is parsed is what was written; and no input makes it panic.
func FuzzParseStat(f *testing.F) {
	f.Add([]byte(stat("sh")), "a) R 7 (x\n")
	f.Add([]byte(") ("), ") (")
	f.Fuzz(func(t *testing.T, text []byte, name string) {
		if s, err := ParseStat(text); err == nil && (s.State == 0 || !strings.Contains(string(text), fmt.Sprint(s.Start))) {
			t.Errorf("%q: %+v", text, s)
		}
		if s, err := ParseStat([]byte(stat(name))); err != nil || s.Start != 22 || s.State != 'S' {
			t.Errorf("name %q: %+v, %v", name, s, err)
		}
	})
}
