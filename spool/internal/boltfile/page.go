package boltfile

import (
	"bytes"
	"encoding/binary"
	"io"
)

const (
	elementBytes = 16 // of a branch and of a leaf
	bucketBytes  = 16 // before an inline bucket's page
	leafIsBucket = 1

	// maxLevels is more levels than a tree in a file of any size has.
	maxLevels = 24
	// maxPageBytes bounds a page with its overflow, and so the memory for it.
	maxPageBytes = 32 << 20
)

// A page is a page that was read, with its overflow if that was read too.
type page struct {
	flags    uint16
	count    int
	overflow uint64 // number of further pages that belong to it
	b        []byte // the page with its header; with the overflow where that was asked for

	// Of an intact branch: the number of bytes in use, and of those of its longest key.
	size, longest int
}

// readPage reads page id of a file with that number of pages. The overflow of a branch is always
// read, that of a leaf only if whole is set. The page's bytes are in buf if they fit.
func readPage(f io.ReaderAt, id, pages uint64, whole bool, buf []byte) (page, error) {
	if id < 2 || id >= pages {
		return page{}, corrupt("page %d of %d", id, pages)
	}
	if cap(buf) < PageSize {
		buf = make([]byte, PageSize)
	}
	b := buf[:PageSize]
	if err := readAt(f, b, int64(id)*PageSize); err != nil {
		return page{}, err
	}
	p := page{
		flags:    binary.NativeEndian.Uint16(b[8:]),
		count:    int(binary.NativeEndian.Uint16(b[10:])),
		overflow: uint64(binary.NativeEndian.Uint32(b[12:])),
		b:        b,
	}
	if binary.NativeEndian.Uint64(b) != id || p.overflow >= pages-id || p.overflow >= maxPageBytes/PageSize {
		return page{}, corruptPage(id)
	}
	if p.overflow > 0 && (whole && p.flags == flagLeaf || p.flags == flagBranch) {
		p.b = append(b[:PageSize:PageSize], make([]byte, p.overflow*PageSize)...)
		if err := readAt(f, p.b[PageSize:], int64(id+1)*PageSize); err != nil {
			return page{}, err
		}
	}
	return p, nil
}

func corruptPage(id uint64) error { return corrupt("page %d is not a page of its tree", id) }

// elements returns the number of elements that lie within the page; all is false if the page claims
// more.
func (p *page) elements() (n int, all bool) {
	n = max(0, min(p.count, (len(p.b)-pageHeader)/elementBytes))
	return n, n == p.count
}

// element returns where element i has its key, and the lengths of the key and the value in bytes.
func (p *page) element(i int) (at, key, value uint64) {
	start := pageHeader + i*elementBytes
	e := p.b[start : start+elementBytes]
	if p.flags == flagBranch {
		return uint64(start) + uint64(binary.NativeEndian.Uint32(e)), uint64(binary.NativeEndian.Uint32(e[4:])), 0
	}
	return uint64(start) + uint64(binary.NativeEndian.Uint32(e[4:])),
		uint64(binary.NativeEndian.Uint32(e[8:])), uint64(binary.NativeEndian.Uint32(e[12:]))
}

// intact reports whether a branch or a leaf is laid out as bbolt writes it: all elements, then their
// keys and values without gaps, up to the last one of the page and its overflow. A branch has at
// least one element, and ascending keys. bbolt follows what it finds in a page unchecked, and
// releases as many pages as the header claims.
func (p *page) intact() bool {
	n, all := p.elements()
	branch, previous := p.flags == flagBranch, []byte(nil)
	end := uint64(pageHeader + n*elementBytes)
	for i := range n {
		at, key, value := p.element(i)
		if at != end || key == 0 {
			return false
		}
		end += key + value
		if !branch {
			continue
		}
		if end > uint64(len(p.b)) || bytes.Compare(previous, p.b[at:end]) >= 0 {
			return false
		}
		previous, p.longest = p.b[at:end], max(p.longest, int(key))
	}
	p.size = int(end)
	return all && end > p.overflow*PageSize && end <= (p.overflow+1)*PageSize && (n > 0 || !branch)
}

// A span is the keys that bbolt looks for below an element of a branch: not less than low and less
// than high. nil means that there is no such bound.
type span struct{ low, high []byte }

func (s span) holds(key []byte) bool {
	return bytes.Compare(key, s.low) >= 0 && (s.high == nil || bytes.Compare(key, s.high) < 0)
}

// encloses reports whether an intact page has keys, and only such as belong in the span, as far as
// they were read.
func (s span) encloses(p *page) bool {
	if p.count == 0 {
		return false
	}
	first, last := p.key(0), p.key(p.count-1)
	return (first == nil || s.holds(first)) && (last == nil || s.holds(last))
}

// below returns the span of element i of an intact branch. It points into the page.
func (s span) below(p *page, i int) span {
	if i > 0 {
		s.low = p.key(i)
	}
	if i+1 < p.count {
		s.high = p.key(i + 1)
	}
	return s
}

// key returns the key of element i of an intact page; nil if it lies in an overflow that was not
// read.
func (p *page) key(i int) []byte {
	at, key, _ := p.element(i)
	if at+key > uint64(len(p.b)) {
		return nil
	}
	return p.b[at : at+key]
}

// child returns the page that element i of a branch points to.
func (p *page) child(i int) uint64 {
	return binary.NativeEndian.Uint64(p.b[pageHeader+i*elementBytes+8:])
}

// children returns the pages that a branch points to. ok is false if there are none, or fewer than
// the page's header says.
func (p *page) children() (ids []uint64, ok bool) {
	n, all := p.elements()
	for i := range n {
		ids = append(ids, p.child(i))
	}
	return ids, all && n > 0
}

// A Pair is a key and its value; [Pair.Open] reads a value that is a bucket. Both point into the
// page and are valid until the function that was called with them returns.
type Pair struct {
	Key, Value []byte
	IsBucket   bool
}

// pairs calls fn for the pairs of a leaf page, in their order. A pair that does not lie within the
// page is left out, and ok is false. An error of fn ends the walk.
func (p *page) pairs(fn func(Pair) error) (ok bool, err error) {
	n, ok := p.elements()
	for i := range n {
		e := p.b[pageHeader+i*elementBytes:]
		u32 := func(i int) uint64 { return uint64(binary.NativeEndian.Uint32(e[i:])) }
		flags, position, key, value := u32(0), u32(4), u32(8), u32(12)
		if flags > leafIsBucket || position < elementBytes || position+key+value > uint64(len(e)) {
			ok = false
			continue
		}
		e = e[position:]
		if err := fn(Pair{e[:key:key], e[key : key+value : key+value], flags == leafIsBucket}); err != nil {
			return ok, err
		}
	}
	return ok, nil
}

// A Bucket is a bucket as its parent stores it.
type Bucket struct {
	// Sequence is bbolt's counter of the bucket, see Bucket.NextSequence there.
	Sequence uint64

	root   uint64
	inline []byte // the bucket's only page, where root is 0
}

// Open reads a bucket's value. ok is false if it cannot be one.
func (p Pair) Open() (b Bucket, ok bool) {
	if !p.IsBucket || len(p.Value) < bucketBytes {
		return Bucket{}, false
	}
	b.root = binary.NativeEndian.Uint64(p.Value)
	b.Sequence = binary.NativeEndian.Uint64(p.Value[8:])
	if b.root == 0 {
		b.inline = p.Value[bucketBytes:]
	}
	return b, true
}

// page returns the page of an inline bucket.
func (b Bucket) page() (page, bool) {
	if len(b.inline) < pageHeader {
		return page{}, false
	}
	p := page{
		flags: binary.NativeEndian.Uint16(b.inline[8:]),
		count: int(binary.NativeEndian.Uint16(b.inline[10:])),
		b:     b.inline,
	}
	return p, p.flags == flagLeaf
}

// A bitmap has one bit a page.
type bitmap []uint64

func newBitmap(pages uint64) bitmap { return make(bitmap, pages/64+1) }
func (b bitmap) set(id uint64)      { b[id/64] |= 1 << (id % 64) }

// hasAny reports whether one of the pages after id has its bit set: of its overflow.
func (b bitmap) hasAny(id, overflow uint64) bool {
	for i := id + 1; i <= id+overflow; i++ {
		if b.has(i) {
			return true
		}
	}
	return false
}

// has reports whether a page's bit is set; false for a page outside the bitmap.
func (b bitmap) has(id uint64) bool {
	return id/64 < uint64(len(b)) && b[id/64]>>(id%64)&1 == 1
}
