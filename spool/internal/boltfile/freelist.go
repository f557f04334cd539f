package boltfile

import (
	"encoding/binary"
	"io"
)

// freeCount reads the number of free pages from the start of the free list; first is the offset of
// its first page id in the file.
func freeCount(f io.ReaderAt, m meta) (count uint64, first int64, err error) {
	if m.freelist < 2 || m.freelist >= m.pages {
		return 0, 0, corrupt("the header has the free list on page %d of %d", m.freelist, m.pages)
	}
	var b [pageHeader + 8]byte
	at := int64(m.freelist) * PageSize
	if err := readAt(f, b[:], at); err != nil {
		return 0, 0, err
	}
	id, flags := binary.NativeEndian.Uint64(b[:]), binary.NativeEndian.Uint16(b[8:])
	count, first = uint64(binary.NativeEndian.Uint16(b[10:])), at+pageHeader
	pages := uint64(binary.NativeEndian.Uint32(b[12:])) + 1
	room := pages*PageSize - pageHeader
	if count == longCountAt {
		count, first, room = binary.NativeEndian.Uint64(b[pageHeader:]), first+8, room-8
	}
	if id != m.freelist || flags != flagFreelist || pages > m.pages-m.freelist || count > min(m.pages, room/8) {
		return 0, 0, corrupt("page %d is not a free list", m.freelist)
	}
	return count, first, nil
}

// readFreelist calls fn, if not nil, for each free page and returns how many there are. A list that
// does not ascend is corrupt: bbolt would write to whatever pages it names.
func readFreelist(f io.ReaderAt, m meta, fn func(id uint64)) (count uint64, err error) {
	count, at, err := freeCount(f, m)
	if err != nil {
		return 0, err
	}
	var b [512]byte
	last := uint64(1)
	for left := count; left > 0; {
		n := min(left, uint64(len(b)/8))
		if err := readAt(f, b[:8*n], at); err != nil {
			return 0, err
		}
		for i := range n {
			id := binary.NativeEndian.Uint64(b[8*i:])
			if id <= last || id >= m.pages {
				return 0, corrupt("the free list (page %d) lists page %d after page %d of %d", m.freelist, id, last, m.pages)
			}
			if last = id; fn != nil {
				fn(id)
			}
		}
		left, at = left-n, at+int64(8*n)
	}
	return count, nil
}

// freePages reads the free list into a bitmap.
func freePages(f io.ReaderAt, m meta) (bitmap, error) {
	free := newBitmap(m.pages)
	if _, err := readFreelist(f, m, free.set); err != nil {
		return nil, err
	}
	return free, nil
}
