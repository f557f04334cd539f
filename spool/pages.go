package spool

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// What bbolt's pages look like, besides the metas (bbolt: internal/common/page.go, bucket.go), in the
// byte order of the machine. Positions are counted from the element itself:
//
//	branch element   position of the key u32, its length u32, page u64
//	leaf element     flags u32 (1: a bucket), position of the key u32, its length u32, length of the
//	                 value u32, which stands behind the key
//	bucket           root page u64, sequence u64; where the root is 0, a page follows: it is inline
//
// bbolt follows these numbers through its map without a second look. Here they are read with ordinary
// reads and weighed one by one, for a file that cannot be trusted.
const (
	flagBranch   = 0x01
	elementBytes = 16
	bucketBytes  = 16
	leafIsBucket = 1

	// maxLevels is more than a tree of any file has.
	maxLevels = 24
	// maxPageBytes bounds one page with what overflows from it: a few of the longest records.
	maxPageBytes = 32 << 20
)

var errPage = errors.New("not a page of its tree")

// A page is one that was read.
type page struct {
	flags    uint16
	count    int
	overflow uint64 // further pages that belong to it
	b        []byte // the page, header and all
}

// readPage reads the page id and, with whole, what overflows from a leaf; buf is used where it has room. errPage
// where it cannot be one.
func readPage(f io.ReaderAt, id, pages uint64, whole bool, buf []byte) (page, error) {
	if id < 2 || id >= pages {
		return page{}, fmt.Errorf("%w: page %d of %d", errPage, id, pages)
	}
	if cap(buf) < pageSize {
		buf = make([]byte, pageSize)
	}
	b := buf[:pageSize]
	if _, err := f.ReadAt(b, int64(id)*pageSize); err != nil {
		return page{}, err
	}
	p := page{
		flags:    binary.NativeEndian.Uint16(b[8:]),
		count:    int(binary.NativeEndian.Uint16(b[10:])),
		overflow: uint64(binary.NativeEndian.Uint32(b[12:])),
		b:        b,
	}
	if binary.NativeEndian.Uint64(b) != id || p.overflow >= pages-id || p.overflow >= maxPageBytes/pageSize {
		return page{}, fmt.Errorf("%w: page %d", errPage, id)
	}
	if p.overflow > 0 && (whole && p.flags == flagLeaf || p.flags == flagBranch) {
		p.b = append(b[:pageSize:pageSize], make([]byte, p.overflow*pageSize)...)
		if _, err := f.ReadAt(p.b[pageSize:], int64(id+1)*pageSize); err != nil {
			return page{}, err
		}
	}
	return p, nil
}

// inlinePage reads the page that stands in a bucket's value.
func inlinePage(b []byte) (page, bool) {
	if len(b) < pageHeader {
		return page{}, false
	}
	p := page{flags: binary.NativeEndian.Uint16(b[8:]), count: int(binary.NativeEndian.Uint16(b[10:])), b: b}
	return p, p.flags == flagLeaf
}

// children gives the pages that a branch points to; ok is false where one element cannot be one, and
// the others are given.
func (p *page) children() (ids []uint64, ok bool) {
	ok = p.count > 0 && pageHeader+p.count*elementBytes <= len(p.b)
	for i := 0; i < p.count && pageHeader+(i+1)*elementBytes <= len(p.b); i++ {
		ids = append(ids, binary.NativeEndian.Uint64(p.b[pageHeader+i*elementBytes+8:]))
	}
	return ids, ok
}

// A leaf is one pair of a leaf page; key and value point into it.
type leaf struct {
	bucket     bool
	key, value []byte
}

// leaves calls fn for the pairs of a leaf page, in their order; false where one of them cannot be one,
// and fn gets the others.
func (p *page) leaves(fn func(leaf)) (ok bool) {
	ok = pageHeader+p.count*elementBytes <= len(p.b)
	for i := 0; i < p.count && pageHeader+(i+1)*elementBytes <= len(p.b); i++ {
		e := p.b[pageHeader+i*elementBytes:]
		u32 := func(i int) uint64 { return uint64(binary.NativeEndian.Uint32(e[i:])) }
		flags, pos, keyLen, valueLen := u32(0), u32(4), u32(8), u32(12)
		if flags > leafIsBucket || pos < elementBytes || pos+keyLen+valueLen > uint64(len(e)) {
			ok = false
			continue
		}
		e = e[pos:]
		fn(leaf{flags == leafIsBucket, e[:keyLen:keyLen], e[keyLen : keyLen+valueLen : keyLen+valueLen]})
	}
	return ok
}

// A bucketHead is a bucket as its parent knows it.
type bucketHead struct {
	root, sequence uint64
	inline         []byte // its only page, where root is 0
}

func parseBucket(v []byte) (h bucketHead, ok bool) {
	if len(v) < bucketBytes {
		return h, false
	}
	h = bucketHead{root: binary.NativeEndian.Uint64(v), sequence: binary.NativeEndian.Uint64(v[8:])}
	if h.root == 0 {
		h.inline = v[bucketBytes:]
	}
	return h, true
}

// A bitmap has one bit a page.
type bitmap []uint64

func newBitmap(pages uint64) bitmap { return make(bitmap, pages/64+1) }
func (b bitmap) has(id uint64) bool { return b[id/64]>>(id%64)&1 == 1 }
func (b bitmap) set(id uint64)      { b[id/64] |= 1 << (id % 64) }
