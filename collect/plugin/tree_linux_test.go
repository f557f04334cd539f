package plugin

import (
	"os"
	"testing"
)

func TestParseStat(t *testing.T) {
	const tail = " 0 -1 4194560 118 0 0 0 0 0 0 0 20 0 1 0 5551 2535424 224 18446744073709551615 1 1 0 0"
	for in, want := range map[string]stat{
		"42 (sh) S 41 40 39" + tail:                  {pid: 42, parent: 41, group: 40, session: 39, started: 5551},
		"42 (a) R 1 (b) c) Z 41 40 39" + tail + "\n": {pid: 42, parent: 41, group: 40, session: 39, started: 5551, dead: true},
		"42 () X 41 40 39" + tail:                    {pid: 42, parent: 41, group: 40, session: 39, started: 5551, dead: true},
	} {
		if got, ok := parseStat([]byte(in)); !ok || got != want {
			t.Errorf("%q: %+v, %v", in, got, ok)
		}
	}
	for _, in := range []string{"", "42", "42 (sh", "42 (sh) S 41", "x (sh) S 41 40 39" + tail, ") (", "42 (sh) S a 40 39" + tail} {
		if got, ok := parseStat([]byte(in)); ok {
			t.Errorf("%q: %+v", in, got)
		}
	}
	if s, ok := statOf(os.Getpid(), make([]byte, maxStatBytes)); !ok || s.pid != os.Getpid() || s.parent != os.Getppid() || s.started == 0 {
		t.Errorf("this process: %+v, %v", s, ok)
	}
}

func FuzzParseStat(f *testing.F) {
	f.Add([]byte("42 (sh) S 41 40 39 0 -1 4194560 118 0 0 0 0 0 0 0 20 0 1 0 5551 2535424"))
	f.Add([]byte(") ("))
	f.Fuzz(func(t *testing.T, text []byte) { parseStat(text) })
}
