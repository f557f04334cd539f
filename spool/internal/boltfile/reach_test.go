package boltfile

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime/debug"
	"testing"

	bolt "go.etcd.io/bbolt"
)

// recorder notes the pages that are read.
type recorder struct {
	io.ReaderAt
	read map[uint64]bool
}

func (r recorder) ReadAt(b []byte, off int64) (int, error) {
	for page := off / PageSize; page <= (off+int64(len(b))-1)/PageSize; page++ {
		r.read[uint64(page)] = true
	}
	return r.ReaderAt.ReadAt(b, off)
}

// An operation is one on the bucket "big", with what must be verified before it.
type operation struct {
	name   string
	key    []byte
	value  []byte
	verify func(t *Tree, key []byte) error
}

// use does the operation and returns what it read.
func (o operation) use(b *bolt.Bucket) (string, error) {
	c := b.Cursor()
	var k, v []byte
	switch o.name {
	case "first":
		k, v = c.First()
	case "last":
		if k, _ = c.First(); k != nil { // see cursor.last in package spool
			k, v = c.Last()
		}
	case "get":
		v = b.Get(o.key)
	case "put":
		return "", b.Put(o.key, o.value)
	case "delete":
		return "", b.Delete(o.key)
	case "delete under a cursor":
		if k, _ = c.Seek(o.key); k != nil && bytes.Equal(k, o.key) {
			return "", c.Delete()
		}
	case "seek":
		k, v = c.Seek(o.key)
	case "next":
		if k, _ = c.Seek(o.key); k != nil && bytes.Equal(k, o.key) {
			k, v = c.Next()
		}
	case "prev":
		if k, _ = c.Seek(o.key); k != nil && bytes.Equal(k, o.key) {
			k, v = c.Prev()
		}
	}
	return fmt.Sprintf("%s %x %x", o.name, k, v), nil
}

func randomOperation(rnd *rand.Rand, key func() []byte) operation {
	o := operation{key: key(), value: make([]byte, rnd.IntN(300))}
	first := func(t *Tree, _ []byte) error { return t.First() }
	switch rnd.IntN(9) {
	case 0:
		o.name, o.verify = "first", first
	case 1:
		o.name, o.verify = "last", func(t *Tree, _ []byte) error {
			if err := t.First(); err != nil {
				return err
			}
			return t.Last()
		}
	case 2:
		o.name, o.verify = "get", (*Tree).Path
	case 3:
		o.name, o.verify = "put", (*Tree).Path
	case 4:
		o.name, o.verify = "seek", (*Tree).Next
	case 5:
		o.name, o.verify = "next", (*Tree).Next
	case 6:
		o.name, o.verify = "prev", func(t *Tree, key []byte) error {
			if err := t.Next(key); err != nil {
				return err
			}
			return t.Prev(key)
		}
	case 7:
		o.name, o.verify = "delete", (*Tree).Delete
	case 8:
		o.name, o.verify = "delete under a cursor", func(t *Tree, key []byte) error {
			if err := t.Next(key); err != nil {
				return err
			}
			return t.Delete(key)
		}
	}
	return o
}

// randomTree writes a file whose bucket "big" has up to four levels and pages of any fill, and
// returns the keys in it. Keys of equal length are long, so that few of them fit in a branch.
func randomTree(t *testing.T, rnd *rand.Rand, path string) (keys [][]byte) {
	t.Helper()
	length, n := 8+rnd.IntN(2)*rnd.IntN(1500), 20+rnd.IntN(1000)
	fill := []float64{0.1, 0.5, 1}[rnd.IntN(3)]
	db, err := bolt.Open(path, 0o600, &bolt.Options{PageSize: PageSize, NoSync: true, NoGrowSync: true})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	key := func(i int) []byte { return fmt.Appendf(bytes.Repeat([]byte("k"), length-8), "%08d", i) }
	in := make(map[int]bool)
	for range 1 + rnd.IntN(4) {
		if err := db.Update(func(tx *bolt.Tx) error {
			b, err := tx.CreateBucketIfNotExists([]byte("big"))
			if err != nil {
				return err
			}
			b.FillPercent = fill
			from, step := rnd.IntN(n), 1+rnd.IntN(3)
			for i := from; i < n+from; i += step {
				if err := b.Put(key(2*i), make([]byte, rnd.IntN(400))); err != nil {
					return err
				}
				in[2*i] = true
			}
			if rnd.IntN(2) == 0 {
				return nil
			}
			from, size := rnd.IntN(2*n), rnd.IntN(n)
			for i := from; i < from+size; i++ {
				if rnd.IntN(4) > 0 {
					delete(in, i)
					if err := b.Delete(key(i)); err != nil {
						return err
					}
				}
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 4*n + 2 {
		if in[i] || rnd.IntN(20) == 0 {
			keys = append(keys, key(i))
		}
	}
	if len(keys) == 0 {
		keys = append(keys, key(0))
	}
	return keys
}

// runOperations runs them in one transaction, and returns what they read.
func runOperations(path string, list []operation, fill float64) (got []string, err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	db, err := bolt.Open(path, 0o600, &bolt.Options{PageSize: PageSize, NoSync: true, NoGrowSync: true})
	if err != nil {
		return nil, err
	}
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p) // db stays open: a panic may leave it locked
		}
	}()
	err = db.Update(func(tx *bolt.Tx) error {
		b := tx.Bucket([]byte("big"))
		b.FillPercent = fill
		for _, o := range list {
			text, err := o.use(b)
			if err != nil {
				return err
			}
			got = append(got, text)
		}
		return nil
	})
	db.Close()
	return got, err
}

// bbolt reads no page of the tree that was not verified: all others are garbage here, and neither an
// operation nor the commit notices.
func TestReachesOnlyVerifiedPages(t *testing.T) {
	files := 150
	if testing.Short() {
		files = 40
	}
	dir := t.TempDir()
	merges, spoiled := 0, 0
	for n := range files {
		rnd := rand.New(rand.NewPCG(uint64(n), 7))
		path := filepath.Join(dir, fmt.Sprint(n))
		keys := randomTree(t, rnd, path)
		good, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		var list []operation
		at, near := rnd.IntN(len(keys)), 1+rnd.IntN(len(keys))
		for range 1 + rnd.IntN(40) {
			list = append(list, randomOperation(rnd, func() []byte { return keys[(at+rnd.IntN(near))%len(keys)] }))
		}
		if rnd.IntN(2) == 0 { // a range, as when the oldest records leave
			size := rnd.IntN(len(keys))
			for i := range size {
				key := keys[(at+i)%len(keys)]
				list = append(list, operation{name: "delete", key: key, verify: (*Tree).Delete})
			}
		}
		fill := []float64{0.5, 1}[rnd.IntN(2)]

		r := recorder{bytes.NewReader(good), make(map[uint64]bool)}
		file, err := Check(r, int64(len(good)), layout)
		if err != nil {
			t.Fatalf("file %d: %v", n, err)
		}
		tree := file.Tree("big")
		for _, o := range list {
			if err := o.verify(tree, o.key); err != nil {
				t.Fatalf("file %d: %s: %v", n, o.name, err)
			}
		}
		if tree.MergesBranches(int(PageSize*fill) / 2) {
			merges++
			if err := file.CheckAll(); err != nil {
				t.Fatalf("file %d: %v", n, err)
			}
		}
		want, err := runOperations(path, list, fill)
		if err != nil {
			t.Fatalf("file %d: %v", n, err)
		}

		bad := bytes.Clone(good)
		for _, flag := range []uint16{flagBranch, flagLeaf} {
			for _, id := range treePages(t, good, "big", flag) {
				if !r.read[id] {
					spoiled++
					copy(bad[id*PageSize:], bytes.Repeat([]byte{0xff}, PageSize))
				}
			}
		}
		if err := os.WriteFile(path, bad, 0o600); err != nil {
			t.Fatal(err)
		}
		got, err := runOperations(path, list, fill)
		if err != nil || fmt.Sprint(got) != fmt.Sprint(want) {
			t.Fatalf("file %d (%d operations, fill %v): an unverified page was read: %v", n, len(list), fill, err)
		}
	}
	if merges < files/20 || merges > files*19/20 || spoiled < 10*files {
		t.Errorf("%d of %d commits may merge branches, %d pages were garbage: choose other files", merges, files, spoiled)
	}
	t.Logf("%d of %d commits may merge branches, %d pages were garbage", merges, files, spoiled)
}
