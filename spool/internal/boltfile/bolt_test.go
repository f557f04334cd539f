package boltfile

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	bolt "go.etcd.io/bbolt"
)

// boltFile returns the bytes of a file that bbolt wrote: "big" has branch pages, "nested" holds an
// inline bucket and one of several pages, "small" is inline. Pages are free.
func boltFile(t testing.TB) []byte {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file")
	db, err := bolt.Open(path, 0o600, &bolt.Options{PageSize: PageSize, NoSync: true})
	if err != nil {
		t.Fatal(err)
	}
	key := func(i int) []byte { return binary.BigEndian.AppendUint64(nil, uint64(i)) }
	fill := func(b *bolt.Bucket, from, to, size int) error {
		for i := from; i < to; i++ {
			if err := b.Put(key(i), bytes.Repeat([]byte{byte(i)}, size)); err != nil {
				return err
			}
		}
		return nil
	}
	for _, fn := range []func(*bolt.Tx) error{
		func(tx *bolt.Tx) error {
			small, err := tx.CreateBucket([]byte("small"))
			if err != nil {
				return err
			}
			big, err := tx.CreateBucket([]byte("big"))
			if err != nil {
				return err
			}
			nested, err := tx.CreateBucket([]byte("nested"))
			if err != nil {
				return err
			}
			for name, n := range map[string]int{"inline": 2, "pages": 100} {
				b, err := nested.CreateBucket([]byte(name))
				if err != nil {
					return err
				}
				if err := fill(b, 0, n, 100); err != nil {
					return err
				}
			}
			if err := big.SetSequence(7); err != nil {
				return err
			}
			if err := fill(big, 0, 1000, 500); err != nil {
				return err
			}
			if err := big.Put([]byte("long"), make([]byte, 3*PageSize)); err != nil {
				return err
			}
			return fill(small, 0, 3, 10)
		},
		func(tx *bolt.Tx) error {
			big := tx.Bucket([]byte("big"))
			for i := range 400 {
				if err := big.Delete(key(i)); err != nil {
					return err
				}
			}
			return nil
		},
		func(tx *bolt.Tx) error { return fill(tx.Bucket([]byte("big")), 400, 401, 9) },
	} {
		if err := db.Update(fn); err != nil {
			t.Fatal(err)
		}
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// latest returns the meta that counts, and where its content begins.
func latest(t testing.TB, b []byte) (m meta, at int) {
	t.Helper()
	metas, _, err := readMetas(bytes.NewReader(b))
	if err != nil || len(metas) != 2 {
		t.Fatalf("%d metas, %v", len(metas), err)
	}
	return metas[0], int(metas[0].txid%2)*PageSize + pageHeader
}

// layout is that of boltFile.
var layout = Layout{Nested: "nested", Large: []string{"big"}}

// check is Check, CheckAll and Verify on bytes.
func check(b []byte) (State, error) {
	f := bytes.NewReader(b)
	file, err := Check(f, int64(len(b)), layout)
	if err == nil {
		err = file.CheckAll()
	}
	if err == nil {
		err = Verify(f)
	}
	if file == nil {
		return 0, err
	}
	return file.State, err
}

func TestNewFileIsBolts(t *testing.T) {
	path := filepath.Join(t.TempDir(), "new")
	db, err := bolt.Open(path, 0o600, &bolt.Options{PageSize: PageSize})
	if err != nil {
		t.Fatal(err)
	}
	db.Close()
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	// On Windows, files are grown to the map's size.
	if want := newFile(); !bytes.Equal(got[:len(want)], want) {
		t.Error("bbolt writes another file")
	}
}

func TestGoodFilePasses(t *testing.T) {
	b := boltFile(t)
	if state, err := check(b); state != Ready || err != nil {
		t.Errorf("state %d, %v", state, err)
	}
	u, err := ReadUsage(bytes.NewReader(b))
	checked, _ := Check(bytes.NewReader(b), int64(len(b)), layout)
	if m, _ := latest(t, b); err != nil || u != checked.Usage || u.Pages != m.pages || u.Free < 50 {
		t.Errorf("usage %+v, %+v when checked, of %d pages: %v", u, checked.Usage, m.pages, err)
	}
}

func TestInterruptedCreation(t *testing.T) {
	whole := newFile()
	holes := bytes.Clone(whole)
	clear(holes[512:8192])
	cases := map[string]struct {
		b    []byte
		want State
	}{
		"empty": {nil, Empty}, "whole": {whole, Ready}, "zeros": {make([]byte, len(whole)), Unfinished},
		"holes": {holes, Unfinished}, "few zeros": {make([]byte, 100), Unfinished},
	}
	for _, n := range []int{1, 16, 79, 80, 4095, 4096, 4097, 8192, 12288, len(whole) - 1} {
		cases[fmt.Sprint("truncated to ", n)] = struct {
			b    []byte
			want State
		}{whole[:n], Unfinished}
	}
	for name, tt := range cases {
		if got, err := Check(bytes.NewReader(tt.b), int64(len(tt.b)), Layout{}); err != nil || got.State != tt.want {
			t.Errorf("%s: %+v, %v, want state %d", name, got, err, tt.want)
		}
	}
}

func TestCorruptHeader(t *testing.T) {
	good := boltFile(t)
	best, at := latest(t, good)
	freelist := int(best.freelist) * PageSize
	native := binary.NativeEndian
	for name, spoil := range map[string]func(b []byte){
		"pages past the end":      func(b []byte) { m := best; m.pages = 1 << 40; copy(b[at:], m.append(nil)) },
		"root past the pages":     func(b []byte) { m := best; m.root = m.pages; copy(b[at:], m.append(nil)) },
		"root in a header":        func(b []byte) { m := best; m.root = 1; copy(b[at:], m.append(nil)) },
		"freelist past the pages": func(b []byte) { m := best; m.freelist = m.pages; copy(b[at:], m.append(nil)) },
		"no freelist":             func(b []byte) { m := best; m.freelist = 1<<64 - 1; copy(b[at:], m.append(nil)) },
		"freelist's id":           func(b []byte) { native.PutUint64(b[freelist:], 7) },
		"freelist's kind":         func(b []byte) { native.PutUint16(b[freelist+8:], flagLeaf) },
		"freelist's count":        func(b []byte) { native.PutUint16(b[freelist+10:], 5000) },
		"freelist's overflow":     func(b []byte) { native.PutUint32(b[freelist+12:], 1<<31) },
		"freelist's order": func(b []byte) {
			native.PutUint64(b[freelist+pageHeader:], native.Uint64(b[freelist+pageHeader+8:]))
		},
		"freelist lists a header": func(b []byte) { native.PutUint64(b[freelist+pageHeader:], 1) },
		"freelist's long count": func(b []byte) {
			native.PutUint16(b[freelist+10:], longCountAt)
			native.PutUint64(b[freelist+pageHeader:], 1<<61)
		},
		"both headers": func(b []byte) { clear(b[:2*PageSize]) },
		"text":         func(b []byte) { copy(b, bytes.Repeat([]byte("text\n"), len(b)/5)) },
	} {
		b := bytes.Clone(good)
		spoil(b)
		if _, err := Check(bytes.NewReader(b), int64(len(b)), layout); !IsCorrupt(err) {
			t.Errorf("%s: %v", name, err)
		}
	}
	newer := bytes.Clone(good)
	for page := range 2 {
		native.PutUint32(newer[page*PageSize+pageHeader+4:], version+1)
	}
	if _, err := Check(bytes.NewReader(newer), int64(len(newer)), layout); err != ErrNewerVersion {
		t.Errorf("a newer version: %v", err)
	}
}
