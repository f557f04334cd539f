package spool

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	bolt "go.etcd.io/bbolt"
)

// What bbolt writes first is what newFile says; all that is told of an interrupted creation stands on
// it.
func TestNewFileIsBolts(t *testing.T) {
	path := filepath.Join(t.TempDir(), "new")
	db, err := bolt.Open(path, 0o600, &bolt.Options{PageSize: pageSize})
	if err != nil {
		t.Fatal(err)
	}
	db.Close()
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	// Windows files are grown to the map's size.
	if want := newFile(); !bytes.Equal(got[:len(want)], want) {
		t.Error("bbolt writes another file")
	}
}

func TestInterruptedCreation(t *testing.T) {
	whole := newFile()
	holes := bytes.Clone(whole)
	clear(holes[512:8192])
	cases := map[string][]byte{
		"empty": {}, "whole": whole, "zeros": make([]byte, len(whole)), "holes": holes, "few zeros": make([]byte, 100),
	}
	for _, n := range []int{1, 16, 79, 80, 4095, 4096, 4097, 8192, 12288, len(whole) - 1} {
		cases[fmt.Sprint("cut to ", n)] = whole[:n]
	}
	for name, b := range cases {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "state")
			s := write(t, dir, b)
			if st, err := s.Stats(context.Background()); err != nil || st.Records != 0 {
				t.Errorf("a look at it: %+v, %v", st, err)
			}
			if after, _ := os.ReadFile(s.Path()); !bytes.Equal(after, b) {
				t.Error("a look at it changed it")
			}
			s = open(t, dir, Options{})
			put(t, s, "x")
			if got := waiting(t, s); len(got) != 1 {
				t.Errorf("waiting: %q", got)
			}
		})
	}
}

// The numbers that bbolt starts from are weighed one by one.
func TestWrongNumbersInHeader(t *testing.T) {
	good := goodFile(t)
	m0, _ := readMeta(good[pageHeader:])
	m1, _ := readMeta(good[pageSize+pageHeader:])
	best, at := m0, pageHeader
	if m1.txid > m0.txid {
		best, at = m1, pageSize+pageHeader
	}
	freelist := int(best.freelist) * pageSize
	le := binary.NativeEndian
	for name, spoil := range map[string]func(b []byte){
		"pages past the end":      func(b []byte) { m := best; m.pages = 1 << 40; copy(b[at:], m.append(nil)) },
		"root past the pages":     func(b []byte) { m := best; m.root = m.pages; copy(b[at:], m.append(nil)) },
		"root in a header":        func(b []byte) { m := best; m.root = 1; copy(b[at:], m.append(nil)) },
		"freelist past the pages": func(b []byte) { m := best; m.freelist = m.pages; copy(b[at:], m.append(nil)) },
		"freelist nowhere":        func(b []byte) { m := best; m.freelist = noFreelist; copy(b[at:], m.append(nil)) },
		"freelist's id":           func(b []byte) { le.PutUint64(b[freelist:], 7) },
		"freelist's kind":         func(b []byte) { le.PutUint16(b[freelist+8:], flagLeaf) },
		"freelist's count":        func(b []byte) { le.PutUint16(b[freelist+10:], 5000) },
		"freelist's overflow":     func(b []byte) { le.PutUint32(b[freelist+12:], 1<<31) },
		"freelist's long count": func(b []byte) {
			le.PutUint16(b[freelist+10:], countElsewhere)
			le.PutUint64(b[freelist+pageHeader:], 1<<61)
		},
	} {
		t.Run(name, func(t *testing.T) {
			b := bytes.Clone(good)
			spoil(b)
			s := write(t, filepath.Join(t.TempDir(), "state"), b)
			f, err := os.Open(s.Path())
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			if _, _, err := checkHeader(f, s.Path(), int64(len(b))); !errors.Is(err, ErrDamaged) {
				t.Errorf("got %v", err)
			}
		})
	}
}

func FuzzHeader(f *testing.F) {
	whole := newFile()
	f.Add(whole)
	f.Add(whole[:5000])
	f.Add([]byte("text"))
	f.Add(goodFile(f)[:8*pageSize])
	f.Fuzz(func(t *testing.T, b []byte) {
		path := filepath.Join(t.TempDir(), "file")
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		file, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()
		state, _, err := checkHeader(file, path, int64(len(b)))
		if err != nil && !errors.Is(err, ErrDamaged) && !errors.Is(err, ErrNewerFormat) {
			t.Errorf("%v", err)
		}
		if err == nil && state == stateBegun && len(b) > newFilePages*pageSize {
			t.Errorf("a file of %d bytes is taken for one that was just begun", len(b))
		}
	})
}
