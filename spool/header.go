package spool

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/fnv"
	"io"
	"os"
)

// bbolt trusts what it maps: a wrong page number in a header is a fault or an endless allocation. The
// few numbers that it starts from are therefore read and weighed here first. They are, in the byte
// order of the machine (bbolt: internal/common/meta.go, page.go):
//
//	page      id u64, flags u16, count u16, overflow u32, then its content
//	meta      magic u32, version u32, page size u32, flags u32, root bucket (page u64, sequence
//	          u64), freelist page u64, first page never used u64, transaction u64, FNV-1a u64
//
// Pages 0 and 1 hold a meta each; the valid one with the greater transaction counts. A new file has
// the transactions 0 and 1, an empty freelist in page 2 and an empty root in page 3.
const (
	pageSize       = 4096 // in every file, whatever the machine's own
	newFilePages   = 4
	pageHeader     = 16
	metaBytes      = 64
	boltMagic      = 0xED0CDAED
	boltVersion    = 2
	flagLeaf       = 0x02
	flagMeta       = 0x04
	flagFreelist   = 0x10
	noFreelist     = 1<<64 - 1
	countElsewhere = 0xFFFF // the freelist's count stands before its first element
)

type boltMeta struct {
	magic, version, pageSize uint32
	root, sequence           uint64
	freelist, pages, txid    uint64
}

func (m boltMeta) append(b []byte) []byte {
	start := len(b)
	b = binary.NativeEndian.AppendUint32(b, m.magic)
	b = binary.NativeEndian.AppendUint32(b, m.version)
	b = binary.NativeEndian.AppendUint32(b, m.pageSize)
	b = binary.NativeEndian.AppendUint32(b, 0)
	for _, v := range [...]uint64{m.root, m.sequence, m.freelist, m.pages, m.txid} {
		b = binary.NativeEndian.AppendUint64(b, v)
	}
	return binary.NativeEndian.AppendUint64(b, fnv1a(b[start:]))
}

// readMeta reads what follows a page header; ok says that its checksum holds.
func readMeta(b []byte) (m boltMeta, ok bool) {
	m.magic, m.version, m.pageSize = binary.NativeEndian.Uint32(b), binary.NativeEndian.Uint32(b[4:]), binary.NativeEndian.Uint32(b[8:])
	m.root, m.sequence = binary.NativeEndian.Uint64(b[16:]), binary.NativeEndian.Uint64(b[24:])
	m.freelist, m.pages, m.txid = binary.NativeEndian.Uint64(b[32:]), binary.NativeEndian.Uint64(b[40:]), binary.NativeEndian.Uint64(b[48:])
	return m, m.magic == boltMagic && binary.NativeEndian.Uint64(b[56:]) == fnv1a(b[:56])
}

func fnv1a(b []byte) uint64 {
	h := fnv.New64a()
	h.Write(b)
	return h.Sum64()
}

// A fileState is what a look at the header says.
type fileState int

const (
	stateGood  fileState = iota
	stateEmpty           // no bytes
	stateBegun           // a first creation that was cut off: nothing was ever stored
)

// checkHeader weighs the header of a file of size bytes; used is how many of its pages are not free. Errors: [DamagedError],
// [ErrNewerFormat] and the system's.
func checkHeader(f *os.File, path string, size int64) (state fileState, used uint64, err error) {
	if size == 0 {
		return stateEmpty, 0, nil
	}
	best, good, foreign, err := readMetas(f)
	switch {
	case err != nil:
		return 0, 0, err
	case size <= newFilePages*pageSize: // the first commit makes it longer
		state, err = checkBegun(f, path, size)
		return state, newFilePages, err
	case good == 0 && foreign == 2:
		return 0, 0, ErrNewerFormat
	case good == 0:
		return 0, 0, damaged(path, "neither of its two headers is valid")
	case best.pages > uint64(size)/pageSize:
		return 0, 0, damaged(path, "it ends at byte %d, and its header speaks of %d pages of %d", size, best.pages, pageSize)
	case best.root < 2 || best.root >= best.pages:
		return 0, 0, damaged(path, "its root is said to be page %d of %d", best.root, best.pages)
	}
	free, err := checkFreelist(f, path, best)
	if err == nil {
		err = checkTrunk(f, path, best)
	}
	return stateGood, best.pages - min(free, best.pages), err
}

// readMetas reads both headers: the one that counts, how many are valid, and how many are of a later bbolt.
func readMetas(f *os.File) (best boltMeta, good, foreign int, err error) {
	for page := range int64(2) {
		var b [metaBytes]byte
		if _, err := f.ReadAt(b[:], page*pageSize+pageHeader); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return best, good, foreign, err
		}
		m, ok := readMeta(b[:])
		switch {
		case m.magic == boltMagic && m.version > boltVersion:
			foreign++
		case ok && m.version == boltVersion && m.pageSize == pageSize:
			if good++; good == 1 || m.txid > best.txid {
				best = m
			}
		}
	}
	return best, good, foreign, nil
}

// checkFreelist weighs the head of the list of free pages, which bbolt reads into memory as it opens.
func checkFreelist(f *os.File, path string, m boltMeta) (free uint64, err error) {
	if m.freelist < 2 || m.freelist >= m.pages {
		return 0, damaged(path, "its freelist is said to be page %d of %d", m.freelist, m.pages)
	}
	free, err = freePages(f, m)
	if err == nil {
		err = checkFree(f, m, free)
	}
	if errors.Is(err, errFreelist) {
		return 0, damaged(path, "its freelist (page %d) is not one", m.freelist)
	}
	return free, err
}

// checkFree looks at the list itself: bbolt writes to the pages that it names, wherever they are.
func checkFree(f *os.File, m boltMeta, count uint64) error {
	at := int64(m.freelist)*pageSize + pageHeader
	if count >= countElsewhere {
		at += 8
	}
	var b [512]byte
	for last := uint64(1); count > 0; {
		n := min(count, uint64(len(b)/8))
		if _, err := f.ReadAt(b[:8*n], at); err != nil {
			return err
		}
		for i := range n {
			id := binary.NativeEndian.Uint64(b[8*i:])
			if id <= last || id >= m.pages {
				return errFreelist
			}
			last = id
		}
		count, at = count-n, at+int64(8*n)
	}
	return nil
}

var errFreelist = errors.New("not a freelist")

// freePages reads how many pages are free; errFreelist where the head of the list cannot be one.
func freePages(f *os.File, m boltMeta) (uint64, error) {
	var b [pageHeader + 8]byte
	if _, err := f.ReadAt(b[:], int64(m.freelist)*pageSize); err != nil {
		return 0, err
	}
	id, flags, count := binary.NativeEndian.Uint64(b[:]), binary.NativeEndian.Uint16(b[8:]), uint64(binary.NativeEndian.Uint16(b[10:]))
	room := (uint64(binary.NativeEndian.Uint32(b[12:])) + 1) * pageSize
	if count == countElsewhere {
		count = binary.NativeEndian.Uint64(b[pageHeader:])
		room -= 8
	}
	if id != m.freelist || flags != flagFreelist || count > m.pages || pageHeader+8*count > room ||
		m.freelist*pageSize+room > m.pages*pageSize {
		return 0, errFreelist
	}
	return count, nil
}

// checkBegun tells a first creation that was cut off (each byte is that of a new file, or zero where
// the system had not written yet) from a file that is just short.
func checkBegun(f *os.File, path string, size int64) (fileState, error) {
	have := make([]byte, size)
	if _, err := f.ReadAt(have, 0); err != nil {
		return 0, err
	}
	want := newFile()
	if bytes.Equal(have, want) {
		return stateGood, nil
	}
	for i, b := range have {
		if b != 0 && b != want[i] {
			return 0, damaged(path, "neither of its two headers is valid")
		}
	}
	return stateBegun, nil
}

// newFile is what bbolt writes first.
func newFile() []byte {
	b := make([]byte, 0, newFilePages*pageSize)
	for id := range uint64(newFilePages) {
		flags := [newFilePages]uint16{flagMeta, flagMeta, flagFreelist, flagLeaf}[id]
		b = binary.NativeEndian.AppendUint64(b, id)
		b = binary.NativeEndian.AppendUint16(b, flags)
		b = append(b, 0, 0, 0, 0, 0, 0)
		if flags == flagMeta {
			b = boltMeta{
				magic: boltMagic, version: boltVersion, pageSize: pageSize,
				root: 3, freelist: 2, pages: newFilePages, txid: id,
			}.append(b)
		}
		b = b[:(id+1)*pageSize]
	}
	return b
}
