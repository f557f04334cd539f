package spool

import (
	"encoding/binary"
	"fmt"
	"io"
	"os"
)

// verify looks through the whole file with ordinary reads, for one that a process died with: nil says
// that bbolt can be trusted with it. Single records that cannot be read are no fault of the file's.
func verify(f *os.File) error {
	m, good, _, err := readMetas(f)
	if err != nil {
		return err
	}
	if good == 0 {
		return nil // empty, or a first creation: checkHeader has weighed it
	}
	v := verifier{f: f, pages: m.pages, seen: newBitmap(m.pages)}
	if v.free, err = readFreelist(f, m); err != nil {
		return err
	}
	return v.bucket(m.root, 0)
}

// readFreelist gives the free pages.
func readFreelist(f io.ReaderAt, m boltMeta) (bitmap, error) {
	head, err := readPage(f, m.freelist, m.pages, false, nil)
	if err != nil {
		return nil, err
	}
	count, from := uint64(head.count), int64(m.freelist)*pageSize+pageHeader
	if count == countElsewhere {
		count = binary.NativeEndian.Uint64(head.b[pageHeader:])
		from += 8
	}
	if head.flags != flagFreelist || count > m.pages || pageHeader+8*(count+1) > (head.overflow+1)*pageSize+8 {
		return nil, errFreelist
	}
	free := newBitmap(m.pages)
	in := io.NewSectionReader(f, from, int64(8*count))
	var b [pageSize]byte
	for count > 0 {
		n := min(count, pageSize/8)
		if _, err := io.ReadFull(in, b[:8*n]); err != nil {
			return nil, err
		}
		for i := range n {
			id := binary.NativeEndian.Uint64(b[8*i:])
			if id < 2 || id >= m.pages || free.has(id) {
				return nil, fmt.Errorf("%w: it lists page %d", errFreelist, id)
			}
			free.set(id)
		}
		count -= n
	}
	return free, nil
}

type verifier struct {
	f          io.ReaderAt
	pages      uint64
	free, seen bitmap
}

// bucket looks at a bucket's tree, and at those of the buckets in it.
func (v *verifier) bucket(root uint64, level int) error {
	last := []byte(nil)
	return v.tree(root, level, &last)
}

func (v *verifier) tree(id uint64, level int, last *[]byte) error {
	if level > 3*maxLevels {
		return fmt.Errorf("%w: page %d lies too deep", errPage, id)
	}
	p, err := readPage(v.f, id, v.pages, true, nil)
	if err != nil {
		return err
	}
	for i := id; i <= id+p.overflow; i++ {
		if v.seen.has(i) || v.free.has(i) {
			return fmt.Errorf("%w: page %d is in use twice", errPage, i)
		}
		v.seen.set(i)
	}
	switch p.flags {
	case flagBranch:
		children, ok := p.children()
		if !ok {
			return fmt.Errorf("%w: page %d", errPage, id)
		}
		for _, child := range children {
			if err := v.tree(child, level+1, last); err != nil {
				return err
			}
		}
		return nil
	case flagLeaf:
		return v.leaf(&p, id, level, last)
	}
	return fmt.Errorf("%w: page %d", errPage, id)
}

func (v *verifier) leaf(p *page, id uint64, level int, last *[]byte) error {
	var fault error
	ok := p.leaves(func(l leaf) {
		if fault != nil {
			return
		}
		if *last != nil && string(l.key) <= string(*last) {
			fault = fmt.Errorf("%w: the keys of page %d are out of order", errPage, id)
			return
		}
		*last = append((*last)[:0:0], l.key...)
		if !l.bucket {
			return
		}
		h, ok := parseBucket(l.value)
		if !ok {
			fault = fmt.Errorf("%w: page %d has a bucket that is none", errPage, id)
		} else if h.root != 0 {
			fault = v.bucket(h.root, level+1)
		} else if in, ok := inlinePage(h.inline); !ok {
			fault = fmt.Errorf("%w: page %d has a bucket that is none", errPage, id)
		} else {
			inner := []byte(nil)
			fault = v.leaf(&in, id, level+1, &inner)
		}
	})
	if fault == nil && !ok {
		fault = fmt.Errorf("%w: page %d", errPage, id)
	}
	return fault
}
