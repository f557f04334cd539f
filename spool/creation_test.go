package spool

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	bolt "go.etcd.io/bbolt"

	"virgo/spool/internal/boltfile"
)

func TestInterruptedCreation(t *testing.T) {
	whole := newFile(t)
	holes := bytes.Clone(whole)
	clear(holes[512:8192])
	cases := map[string][]byte{
		"empty": {}, "whole": whole, "zeros": make([]byte, len(whole)), "holes": holes, "few zeros": make([]byte, 100),
	}
	for _, n := range []int{1, 16, 79, 80, 4095, 4096, 4097, 8192, 12288, len(whole) - 1} {
		cases[fmt.Sprint("truncated to ", n)] = whole[:n]
	}
	for name, b := range cases {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "state")
			s := write(t, dir, b)
			if st, err := s.Stats(context.Background()); err != nil || st.Records != 0 {
				t.Errorf("stats: %+v, %v", st, err)
			}
			if after, _ := os.ReadFile(s.Path()); !bytes.Equal(after, b) {
				t.Error("reading changed the file")
			}
			s = open(t, dir, Options{})
			put(t, s, "x")
			if got := queued(t, s); len(got) != 1 {
				t.Errorf("queued: %q", got)
			}
		})
	}
}

// newFile is what bbolt writes first.
func newFile(t *testing.T) []byte {
	t.Helper()
	path := filepath.Join(t.TempDir(), "new")
	db, err := bolt.Open(path, 0o600, &bolt.Options{PageSize: boltfile.PageSize})
	if err != nil {
		t.Fatal(err)
	}
	db.Close()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b[:4*boltfile.PageSize] // on Windows, the file is as long as the map
}
