//go:build unix

package spool

import (
	"errors"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// irregular creates something at path that is no regular file.
var irregular = map[string]func(t *testing.T, path string){
	"FIFO": func(t *testing.T, path string) {
		if err := unix.Mkfifo(path, 0o600); err != nil {
			t.Fatal(err)
		}
	},
	"socket": func(t *testing.T, path string) {
		t.Chdir(filepath.Dir(path)) // the name of a socket is short
		l, err := net.Listen("unix", filepath.Base(path))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { l.Close() })
	},
	"folder": func(t *testing.T, path string) {
		if err := os.Mkdir(path, 0o700); err != nil {
			t.Fatal(err)
		}
	},
}

// To open a FIFO waits for its other end, which never comes.
func TestIrregularFiles(t *testing.T) {
	for kind, create := range irregular {
		t.Run(kind, func(t *testing.T) {
			s := write(t, filepath.Join(t.TempDir(), "state"), nil)
			if err := os.Remove(s.Path()); err != nil {
				t.Fatal(err)
			}
			create(t, s.Path())
			create(t, filepath.Join(s.dir, deliverName))
			_, viewed := s.Stats(t.Context())
			_, appended := appendAll(s, entry("x"))
			_, _, locked := s.TryDeliver()
			for what, err := range map[string]error{"view": viewed, "append": appended, "lock": locked} {
				if err == nil || !strings.Contains(err.Error(), "it is not a regular file") || errors.Is(err, ErrDamaged) {
					t.Errorf("%s: %v", what, err)
				}
			}
		})
		t.Run(kind+" for a marker", func(t *testing.T) {
			s := newSpool(t, Options{Recovered: func(r Recovery) { t.Error(r) }})
			create(t, s.path+markerSuffix)
			create(t, s.path+oldMarkerSuffix)
			put(t, s, "a")
			if got := queued(t, s); !slices.Equal(got, []string{"a"}) {
				t.Errorf("queued: %q", got)
			}
		})
	}
}

// A repair cannot write its files either, and says so.
func TestIrregularFilesOfARepair(t *testing.T) {
	for kind, create := range irregular {
		t.Run(kind, func(t *testing.T) {
			s := write(t, filepath.Join(t.TempDir(), "state"), []byte("no spool"))
			create(t, s.path+salvageSuffix)
			_, err := appendAll(s, entry("x"))
			if !errors.Is(err, ErrDamaged) || !strings.Contains(err.Error(), "it is not a regular file") {
				t.Error(err)
			}
		})
	}
}
