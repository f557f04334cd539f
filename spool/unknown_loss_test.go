package spool

import (
	"bytes"
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"virgo/spool/internal/boltfile"
)

// otherByteOrder swaps the integers of the headers, as a host with the other byte order writes them.
func otherByteOrder(b []byte) []byte {
	b = bytes.Clone(b)
	for page := range 2 {
		for at := page*boltfile.PageSize + 16; at < page*boltfile.PageSize+28; at += 4 {
			slices.Reverse(b[at : at+4])
		}
	}
	return b
}

// otherPageSize is how a file of larger pages begins.
func otherPageSize(b []byte) []byte {
	b = bytes.Clone(b)
	for page := range 2 {
		meta := b[page*boltfile.PageSize+16:]
		binary.NativeEndian.PutUint32(meta[8:], 4*boltfile.PageSize)
		h := uint64(0xcbf29ce484222325) // FNV-1a
		for _, c := range meta[:56] {
			h = (h ^ uint64(c)) * 0x100000001b3
		}
		binary.NativeEndian.PutUint64(meta[56:], h)
	}
	return b
}

// Where the number of lost records cannot be known, it is said to be unknown, and never 0.
func TestUnknownLoss(t *testing.T) {
	good := goodFile(t)
	for name, tt := range map[string]struct {
		b   []byte
		why string
	}{
		"text":                 {bytes.Repeat([]byte("no spool\n"), 5000), "neither of the two headers is valid"},
		"the other byte order": {otherByteOrder(good), "it was written on a host with the other byte order"},
		"other byte order, short": {
			otherByteOrder(good)[:2*boltfile.PageSize], "it was written on a host with the other byte order",
		},
		"another page size": {otherPageSize(good), "its pages have 16384 bytes, and this program's 4096"},
		"emptied":           {nil, "it is empty"},
		"zeros":             {make([]byte, 100), "it is empty"},
	} {
		for how, use := range map[string]func(*Spool){
			"append": func(s *Spool) { put(t, s, "x") },
			"read":   func(s *Spool) { stats(t, s) },
		} {
			t.Run(name+", "+how, func(t *testing.T) {
				var recovered []Recovery
				s := newSpool(t, Options{Recovered: func(r Recovery) { recovered = append(recovered, r) }})
				put(t, s, "a")
				if err := os.WriteFile(s.Path(), tt.b, 0o600); err != nil {
					t.Fatal(err)
				}
				use(s)
				use(s)
				if len(recovered) != 1 || recovered[0].Why != tt.why || !recovered[0].LostUnknown ||
					!strings.Contains(recovered[0].String(), "an unknown number is lost") {
					t.Fatalf("recovered %+v", recovered)
				}
				if kept := recovered[0].Backup != ""; kept != (len(tt.b) > 0) {
					t.Errorf("kept as %q", recovered[0].Backup)
				}
				want := []Drop{{Cause: CauseUnknown, Records: 1}}
				if st := stats(t, s); !slices.Equal(st.Ever, want) || !slices.Equal(st.Dropped, want) {
					t.Errorf("dropped %+v, %+v", st.Ever, st.Dropped)
				}
				if loss := reportLoss(t, s); !slices.Equal(loss.Drops, want) {
					t.Errorf("to report: %+v", loss)
				}
			})
		}
	}
}

// A file that is created anew was not emptied: where it was moved aside, and where a process died
// before the first commit.
func TestNewFileWasNotEmptied(t *testing.T) {
	for name, change := range map[string]func(*Spool) error{
		"moved aside": func(s *Spool) error { return os.Rename(s.Path(), s.Path()+".aside") },
		"moved aside, then a process died": func(s *Spool) error {
			if err := os.Remove(s.Path()); err != nil {
				return err
			}
			s.markNew()
			return os.WriteFile(s.Path(), nil, 0o600)
		},
		"no marker": func(s *Spool) error {
			if err := os.Remove(s.path + markerSuffix); err != nil {
				return err
			}
			return os.WriteFile(s.Path(), nil, 0o600)
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSpool(t, Options{Recovered: func(r Recovery) { t.Error(r) }})
			put(t, s, "a")
			if err := change(s); err != nil {
				t.Fatal(err)
			}
			stats(t, s)
			put(t, s, "b")
			if got := queued(t, s); !slices.Equal(got, []string{"b"}) {
				t.Errorf("queued: %q", got)
			}
		})
	}
}

// A transaction that creates the file and fails leaves nothing that a later one takes for damage.
func TestFailedCreationIsNotDamage(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "state"), Options{Recovered: func(r Recovery) { t.Error(r) }})
	for range 2 {
		if err := s.Update(t.Context(), func(*Tx) error { return os.ErrInvalid }); err != os.ErrInvalid {
			t.Fatal(err)
		}
		if err := os.Truncate(s.Path(), 0); err != nil { // as where the disk was full
			t.Fatal(err)
		}
		stats(t, s)
	}
	put(t, s, "a")
	if state := markerState(t, s); state != "c" {
		t.Errorf("marker %q", state)
	}
}

// What Go or bbolt panic with is for those who know their code.
func TestPanicTextIsNotShown(t *testing.T) {
	s := newSpool(t, Options{})
	put(t, s, "a")
	err := s.Update(t.Context(), func(tx *Tx) error {
		tx.inside = true // as in a method
		panic("runtime error: slice bounds out of range")
	})
	if !errors.Is(err, ErrDamaged) || strings.Contains(err.Error(), "runtime error") {
		t.Error(err)
	}
	put(t, s, "b")
}
