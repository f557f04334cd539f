package boltfile

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"math/rand/v2"
	"slices"
	"testing"
)

// pages is treePages of a bucket that has such pages.
func pages(t *testing.T, b []byte, bucket string, flag uint16) (ids []uint64) {
	t.Helper()
	if ids = treePages(t, b, bucket, flag); len(ids) == 0 {
		t.Fatalf("bucket %s has no such page", bucket)
	}
	return ids
}

// treePages returns the ids of the pages in use that have the flag, of the tree below the bucket.
func treePages(t *testing.T, b []byte, bucket string, flag uint16) (ids []uint64) {
	t.Helper()
	f := bytes.NewReader(b)
	m, _ := latest(t, b)
	var visit func(id uint64)
	visit = func(id uint64) {
		p, err := readPage(f, id, m.pages, true, nil)
		if err != nil {
			t.Fatal(err)
		}
		if p.flags == flag {
			ids = append(ids, id)
		}
		if p.flags == flagBranch {
			children, _ := p.children()
			for _, id := range children {
				visit(id)
			}
		}
	}
	root, err := readPage(f, m.root, m.pages, true, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := root.pairs(func(p Pair) error {
		if head, ok := p.Open(); ok && string(p.Key) == bucket && head.root != 0 {
			visit(head.root)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return ids
}

func TestCorruptTree(t *testing.T) {
	good := boltFile(t)
	branches := pages(t, good, "big", flagBranch)
	branch := branches[len(branches)-1] // above leaves
	leaves := pages(t, good, "big", flagLeaf)
	slices.Reverse(leaves)
	first := leaves[len(leaves)-1]
	nested := pages(t, good, "nested", flagLeaf)[0]
	native := binary.NativeEndian
	child := func(b []byte, i int) []byte { return b[int(branch)*PageSize+pageHeader+i*elementBytes+8:] }
	for name, tt := range map[string]struct {
		spoil func(b []byte)
		quick bool // CheckAll finds it
	}{
		"branch leads to itself": {func(b []byte) { native.PutUint64(child(b, 2), branch) }, true},
		"branch leads nowhere":   {func(b []byte) { native.PutUint64(child(b, 2), 1<<40) }, true},
		"branch has no elements": {func(b []byte) { native.PutUint16(b[branch*PageSize+10:], 0) }, true},
		"branch has too many":    {func(b []byte) { native.PutUint16(b[branch*PageSize+10:], 60_000) }, true},
		"first leaf is a free list": {func(b []byte) {
			native.PutUint16(b[first*PageSize+8:], flagFreelist)
		}, true},
		"nested bucket leads nowhere": {func(b []byte) {
			at := bytes.Index(b[nested*PageSize:(nested+1)*PageSize], []byte("pages"))
			native.PutUint64(b[int(nested)*PageSize+at+len("pages"):], 1<<40)
		}, true},
		"a pair past its inline bucket": {func(b []byte) {
			m, _ := latest(t, b)
			root := b[m.root*PageSize : (m.root+1)*PageSize]
			at := bytes.Index(root, []byte("small")) + len("small") + bucketBytes + pageHeader
			native.PutUint32(root[at+8:], 1<<20)
		}, true},
		"a leaf cut off": {func(b []byte) {
			count := b[branch*PageSize+10:]
			native.PutUint16(count, native.Uint16(count)-1)
		}, true},
		"keys of a branch swapped": {func(b []byte) {
			page := b[branch*PageSize:]
			first, second := page[pageHeader:], page[pageHeader+elementBytes:]
			a, c := first[native.Uint32(first):], second[native.Uint32(second):]
			for i := range 8 {
				a[i], c[i] = c[i], a[i]
			}
		}, true},
		"an element of the root of no kind": {func(b []byte) {
			m, _ := latest(t, b)
			native.PutUint32(b[m.root*PageSize+pageHeader:], 3)
		}, true},
		"a leaf twice":      {func(b []byte) { native.PutUint64(child(b, 2), leaves[1]) }, false},
		"another leaf's id": {func(b []byte) { native.PutUint64(b[leaves[3]*PageSize:], 7) }, false},
		"keys out of order": {func(b []byte) {
			at := bytes.Index(b[leaves[3]*PageSize:], []byte{0, 0, 0, 0, 0, 0})
			b[int(leaves[3])*PageSize+at] = 0xff
		}, false},
		"a pair past its page": {func(b []byte) {
			native.PutUint32(b[leaves[3]*PageSize+pageHeader+8:], 1<<20)
		}, false},
	} {
		t.Run(name, func(t *testing.T) {
			b := bytes.Clone(good)
			tt.spoil(b)
			f := bytes.NewReader(b)
			file, err := Check(f, int64(len(b)), layout)
			if err == nil {
				err = file.CheckAll()
			}
			if IsCorrupt(err) != tt.quick || err != nil && !tt.quick {
				t.Errorf("CheckAll: %v", err)
			}
			if err := Verify(f); !IsCorrupt(err) {
				t.Errorf("Verify: %v", err)
			}
		})
	}
}

// walkAll counts the pairs of every bucket, and the stray ones.
func walkAll(w *Walker) (pairs map[string]int, strays int, err error) {
	pairs = make(map[string]int)
	err = w.Roots(func(top map[string]Bucket) error {
		for name, b := range top {
			if err := w.Bucket(b, func(p Pair) error {
				pairs[name]++
				if in, ok := p.Open(); ok {
					return w.Bucket(in, func(Pair) error { pairs[name+"/"+string(p.Key)]++; return nil })
				}
				return nil
			}); err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil {
		err = w.Strays(func(Pair) error { strays++; return nil })
	}
	return pairs, strays, err
}

func TestWalkGoodFile(t *testing.T) {
	b := boltFile(t)
	got, strays, err := walkAll(NewWalker(bytes.NewReader(b), int64(len(b))))
	if err != nil || strays != 0 {
		t.Errorf("%d stray pairs, %v", strays, err)
	}
	for name, want := range map[string]int{"big": 601, "small": 3, "nested": 2, "nested/inline": 2, "nested/pages": 100} {
		if got[name] != want {
			t.Errorf("%s: %d pairs, want %d", name, got[name], want)
		}
	}
}

// A tree that was cut off from its root is found among the pages that are not free.
func TestWalkFindsStrays(t *testing.T) {
	b := boltFile(t)
	branch := pages(t, b, "big", flagBranch)[0]
	clear(b[branch*PageSize : (branch+1)*PageSize])
	got, strays, err := walkAll(NewWalker(bytes.NewReader(b), int64(len(b))))
	if err != nil || got["big"]+strays != 601 || strays == 0 {
		t.Errorf("%d pairs in the tree, %d stray, %v, want 601 in all", got["big"], strays, err)
	}
}

// A file may be longer than its header says: bbolt grows it in steps.
func TestWalkLongerFile(t *testing.T) {
	b := boltFile(t)
	b = append(b, make([]byte, 300*PageSize)...)
	got, strays, err := walkAll(NewWalker(bytes.NewReader(b), int64(len(b))))
	if err != nil || got["big"] != 601 || strays != 0 {
		t.Errorf("%d pairs, %d stray, %v", got["big"], strays, err)
	}
}

func TestWalkWithoutHeaders(t *testing.T) {
	b := boltFile(t)
	clear(b[:2*PageSize])
	got, strays, err := walkAll(NewWalker(bytes.NewReader(b), int64(len(b))))
	if err != nil || len(got) != 0 || strays < 600 {
		t.Errorf("%d pairs, %d stray, %v", len(got), strays, err)
	}
}

// failing fails from an offset on, as a disk does.
type failing struct {
	io.ReaderAt
	from int64
}

var errDisk = errors.New("input/output error")

func (f failing) ReadAt(b []byte, off int64) (int, error) {
	if off+int64(len(b)) > f.from {
		return 0, errDisk
	}
	return f.ReaderAt.ReadAt(b, off)
}

// What the disk does not give is no damage.
func TestDiskErrorIsNotCorruption(t *testing.T) {
	b := boltFile(t)
	for from := int64(0); from < int64(len(b)); from += PageSize {
		f := failing{bytes.NewReader(b), from}
		if _, err := Check(f, int64(len(b)), layout); err != nil && !errors.Is(err, errDisk) {
			t.Errorf("Check, disk fails at %d: %v", from, err)
		}
		if err := Verify(f); err != nil && !errors.Is(err, errDisk) {
			t.Errorf("Verify, disk fails at %d: %v", from, err)
		}
		if _, _, err := walkAll(NewWalker(f, int64(len(b)))); !errors.Is(err, errDisk) && from < int64(len(b)/2) {
			t.Errorf("Walker, disk fails at %d: %v", from, err)
		}
	}
}

func TestWalkStopsAtCallersError(t *testing.T) {
	b := boltFile(t)
	mine, calls := errors.New("mine"), 0
	w := NewWalker(bytes.NewReader(b), int64(len(b)))
	err := w.Roots(func(top map[string]Bucket) error {
		return w.Bucket(top["big"], func(Pair) error { calls++; return mine })
	})
	if err != mine || calls != 1 {
		t.Errorf("%d calls, %v", calls, err)
	}
}

// Whatever the bytes are, reading ends, and with an error about them.
func TestRandomDamage(t *testing.T) {
	good := boltFile(t)
	rnd := rand.New(rand.NewPCG(1, 2))
	for range 300 {
		b := bytes.Clone(good)
		for range 1 + rnd.IntN(8) {
			page := b[rnd.IntN(len(b)/PageSize)*PageSize:]
			binary.NativeEndian.PutUint64(page[8*rnd.IntN(12):], uint64(rnd.IntN(len(b)/PageSize)))
		}
		useAll(t, b[:len(b)-rnd.IntN(2)*rnd.IntN(len(b))])
	}
}

func FuzzFile(f *testing.F) {
	whole := newFile()
	f.Add(whole)
	f.Add(whole[:5000])
	f.Add([]byte("text"))
	f.Add(boltFile(f)[:8*PageSize])
	f.Fuzz(useAll)
}

func useAll(t *testing.T, b []byte) {
	state, err := check(b)
	if err != nil && !IsCorrupt(err) && err != ErrNewerVersion {
		t.Errorf("check: %v", err)
	}
	if err == nil && state == Unfinished && len(b) > emptyFile*PageSize {
		t.Errorf("a file of %d bytes is taken for an interrupted creation", len(b))
	}
	if _, _, err := walkAll(NewWalker(bytes.NewReader(b), int64(len(b)))); err != nil {
		t.Errorf("walk: %v", err)
	}
	file, err := Check(bytes.NewReader(b), int64(len(b)), layout)
	if err != nil {
		return
	}
	tree, key := file.Tree("big"), binary.BigEndian.AppendUint64(nil, 500)
	for _, verify := range []func() error{
		tree.First, tree.Last, func() error { return tree.Next(key) }, func() error { return tree.Prev(key) },
		func() error { return tree.Delete(key) },
	} {
		if err := verify(); err != nil && !IsCorrupt(err) {
			t.Errorf("tree: %v", err)
		}
	}
}

func TestVerifyFindsUsedPageInFreelist(t *testing.T) {
	b := boltFile(t)
	m, _ := latest(t, b)
	at := int(m.freelist)*PageSize + pageHeader
	native := binary.NativeEndian
	used := pages(t, b, "big", flagLeaf)
	for i := 1; ; i++ {
		before, this := native.Uint64(b[at+8*(i-1):]), native.Uint64(b[at+8*i:])
		n := slices.IndexFunc(used, func(id uint64) bool { return before < id && id < this })
		if n >= 0 {
			native.PutUint64(b[at+8*i:], used[n])
			break
		}
		if this <= before {
			t.Fatal("no page in use lies between free ones")
		}
	}
	file, err := Check(bytes.NewReader(b), int64(len(b)), layout)
	if err != nil {
		t.Errorf("Check: %v", err)
	}
	if err := file.CheckAll(); !IsCorrupt(err) {
		t.Errorf("CheckAll: %v", err)
	}
	if err := file.Tree("big").First(); !IsCorrupt(err) { // the branch above the page is on the way
		t.Errorf("Tree: %v", err)
	}
	if err := Verify(bytes.NewReader(b)); !IsCorrupt(err) {
		t.Errorf("Verify: %v", err)
	}
}

// The same for a page that belongs to a leaf and is not its first one.
func TestUsedOverflowPageInFreelist(t *testing.T) {
	b := boltFile(t)
	m, _ := latest(t, b)
	leaves := pages(t, b, "big", flagLeaf)
	i := slices.IndexFunc(leaves, func(id uint64) bool {
		return binary.NativeEndian.Uint32(b[id*PageSize+12:]) > 0
	})
	if i < 0 {
		t.Fatal("no leaf has an overflow")
	}
	file, err := Check(bytes.NewReader(b), int64(len(b)), layout)
	if err != nil {
		t.Fatal(err)
	}
	file.free.set(leaves[i] + 1)
	if err := file.Tree("big").Path([]byte("long")); !IsCorrupt(err) {
		t.Errorf("Tree: %v", err)
	}
	file.layout.Large = nil
	if err := file.checkBuckets(m, false); !IsCorrupt(err) {
		t.Errorf("as a small bucket: %v", err)
	}
}

// The older header is read only where the free list does not say which pages are still used.
func TestWalkOlderHeader(t *testing.T) {
	good := boltFile(t)
	m, _ := latest(t, good)
	bad := bytes.Clone(good)
	clear(bad[m.freelist*PageSize : (m.freelist+1)*PageSize])
	for want, b := range map[int][]byte{1: good, 2: bad} {
		calls := 0
		w := NewWalker(bytes.NewReader(b), int64(len(b)))
		if err := w.Roots(func(map[string]Bucket) error { calls++; return nil }); err != nil || calls != want {
			t.Errorf("%d headers, %v, want %d", calls, err, want)
		}
	}
}
