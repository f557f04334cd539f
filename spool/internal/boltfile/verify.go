package boltfile

import "io"

// Verify reads every page in use. If it returns nil, bbolt can open and read the file safely. Each
// page must either belong to one tree or be free, and the keys of every bucket must ascend. A page
// that is neither was cut off by damage above it: bbolt leaves none. A file without a valid header passes: [Check] reports that.
func Verify(f io.ReaderAt) error {
	valid, _, err := readMetas(f)
	if err != nil || len(valid) == 0 {
		return err
	}
	m := valid[0]
	v := verifier{f: f, pages: m.pages, seen: newBitmap(m.pages)}
	if v.free, err = freePages(f, m); err != nil {
		return err
	}
	if err := v.bucket(m.root, 0); err != nil {
		return err
	}
	return v.findCutOff(m.freelist)
}

type verifier struct {
	f          io.ReaderAt
	pages      uint64
	free, seen bitmap
}

// findCutOff returns an error for a page that is neither in use nor free.
func (v *verifier) findCutOff(freelist uint64) error {
	p, err := readPage(v.f, freelist, v.pages, false, nil)
	if err != nil {
		return err
	}
	for id := uint64(2); id < v.pages; id++ {
		if !v.seen.has(id) && !v.free.has(id) && (id < freelist || id > freelist+p.overflow) {
			return corrupt("page %d is neither in use nor free", id)
		}
	}
	return nil
}

// bucket verifies a bucket's tree, and those of the buckets in it.
func (v *verifier) bucket(root uint64, level int) error {
	last := []byte(nil)
	return v.tree(root, level, nil, &last)
}

// tree verifies a subtree with such keys; nil means that id is a root. last is the greatest key
// before it.
func (v *verifier) tree(id uint64, level int, keys *span, last *[]byte) error {
	if level > 3*maxLevels {
		return corrupt("page %d lies too deep", id)
	}
	p, err := readPage(v.f, id, v.pages, true, nil)
	if err != nil {
		return err
	}
	if !p.intact() || keys != nil && !keys.encloses(&p) {
		return corruptPage(id)
	}
	for i := id; i <= id+p.overflow; i++ {
		if v.seen.has(i) || v.free.has(i) {
			return corrupt("page %d is in use twice", i)
		}
		v.seen.set(i)
	}
	switch p.flags {
	case flagBranch:
		if keys == nil {
			keys = &span{}
		}
		for i := range p.count {
			below := keys.below(&p, i)
			if err := v.tree(p.child(i), level+1, &below, last); err != nil {
				return err
			}
		}
		return nil
	case flagLeaf:
		return v.leaf(&p, id, level, last)
	}
	return corruptPage(id)
}

func (v *verifier) leaf(p *page, id uint64, level int, last *[]byte) error {
	ok, err := p.pairs(func(pair Pair) error {
		if *last != nil && string(pair.Key) <= string(*last) {
			return corrupt("the keys of page %d are out of order", id)
		}
		*last = append((*last)[:0:0], pair.Key...)
		if !pair.IsBucket {
			return nil
		}
		b, ok := pair.Open()
		if ok && b.root != 0 {
			return v.bucket(b.root, level+1)
		}
		in, isPage := b.page()
		if !ok || !isPage {
			return corrupt("%.16q on page %d is not a bucket", pair.Key, id)
		}
		inner := []byte(nil)
		return v.leaf(&in, id, level+1, &inner)
	})
	if err == nil && !ok {
		err = corruptPage(id)
	}
	return err
}
