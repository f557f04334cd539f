package boltfile

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/fnv"
	"io"
	"math/bits"
)

// PageSize is the only page size that this package reads. Files must be created with it, whatever
// the size of the machine's memory pages.
const PageSize = 4096

const (
	pageHeader  = 16
	metaBytes   = 64
	magic       = 0xED0CDAED
	version     = 2
	emptyFile   = 4      // pages of a file in which nothing was ever committed
	longCountAt = 0xFFFF // a count that says: the real one is in the page's first 8 bytes
)

// Flags of a page: its type.
const (
	flagBranch   = 0x01
	flagLeaf     = 0x02
	flagMeta     = 0x04
	flagFreelist = 0x10
)

// A meta is the header of the file, of which it has two.
type meta struct {
	magic, version, pageSize uint32
	root, sequence           uint64
	freelist, pages, txid    uint64
}

func (m meta) append(b []byte) []byte {
	start := len(b)
	for _, v := range [...]uint32{m.magic, m.version, m.pageSize, 0} {
		b = binary.NativeEndian.AppendUint32(b, v)
	}
	for _, v := range [...]uint64{m.root, m.sequence, m.freelist, m.pages, m.txid} {
		b = binary.NativeEndian.AppendUint64(b, v)
	}
	return binary.NativeEndian.AppendUint64(b, checksum(b[start:]))
}

// parseMeta reads the content of a meta page. ok reports whether its magic and checksum are right.
func parseMeta(b []byte) (m meta, ok bool) {
	u32 := func(i int) uint32 { return binary.NativeEndian.Uint32(b[i:]) }
	u64 := func(i int) uint64 { return binary.NativeEndian.Uint64(b[i:]) }
	m = meta{
		magic: u32(0), version: u32(4), pageSize: u32(8),
		root: u64(16), sequence: u64(24), freelist: u64(32), pages: u64(40), txid: u64(48),
	}
	return m, m.magic == magic && u64(56) == checksum(b[:56])
}

func checksum(b []byte) uint64 {
	h := fnv.New64a()
	h.Write(b)
	return h.Sum64()
}

// readMetas returns the valid metas, the later one first, and how many are of a newer version.
func readMetas(f io.ReaderAt) (valid []meta, newer int, err error) {
	for page := range int64(2) {
		var b [metaBytes]byte
		if _, err := f.ReadAt(b[:], page*PageSize+pageHeader); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return nil, 0, err
		}
		m, ok := parseMeta(b[:])
		switch {
		case m.magic == magic && m.version > version:
			newer++
		case ok && m.version == version && m.pageSize == PageSize:
			valid = append(valid, m)
		}
	}
	if len(valid) == 2 && valid[1].txid > valid[0].txid {
		valid[0], valid[1] = valid[1], valid[0]
	}
	return valid, newer, nil
}

// explainHeaders returns why neither header is valid.
func explainHeaders(f io.ReaderAt) error {
	swapped := binary.NativeEndian.AppendUint32(nil, bits.ReverseBytes32(magic))
	for page := range int64(2) {
		var b [metaBytes]byte
		if _, err := f.ReadAt(b[:], page*PageSize+pageHeader); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return err
		}
		if bytes.Equal(b[:len(swapped)], swapped) {
			return corrupt("it was written on a host with the other byte order")
		}
		if m, ok := parseMeta(b[:]); ok && m.pageSize != PageSize {
			return corrupt("its pages have %d bytes, and this program's %d", m.pageSize, PageSize)
		}
	}
	return corrupt("neither of the two headers is valid")
}

// newFile returns the bytes of a file that bbolt has just created.
func newFile() []byte {
	b := make([]byte, 0, emptyFile*PageSize)
	for id, flags := range [emptyFile]uint16{flagMeta, flagMeta, flagFreelist, flagLeaf} {
		b = binary.NativeEndian.AppendUint64(b, uint64(id))
		b = binary.NativeEndian.AppendUint16(b, flags)
		b = append(b, 0, 0, 0, 0, 0, 0)
		if flags == flagMeta {
			b = meta{
				magic: magic, version: version, pageSize: PageSize,
				root: 3, freelist: 2, pages: emptyFile, txid: uint64(id),
			}.append(b)
		}
		b = b[:(id+1)*PageSize]
	}
	return b
}
