package boltfile

import (
	"bytes"
	"io"
)

// A Walker reads the intact parts of a damaged file. It skips corrupt pages and pairs, and reads
// every page at most once.
//
// Its methods return errors of the disk and of the caller's functions; either ends the walk.
type Walker struct {
	f     io.ReaderAt
	pages uint64
	seen  bitmap // pages that were visited
	tails bitmap // overflow pages, if the pages before them are right
	free  bitmap // nil where the free list cannot be read
}

// NewWalker begins a walk over a file of size bytes.
func NewWalker(f io.ReaderAt, size int64) *Walker {
	pages := uint64(size) / PageSize
	return &Walker{f: f, pages: pages, seen: newBitmap(pages), tails: newBitmap(pages)}
}

// maxTop bounds how many top-level buckets are collected: a damaged file may name any number of
// them.
const maxTop = 64

// Roots calls fn with the top-level buckets of the later header, by name. If the free list cannot be
// read, it calls fn again with those of the older header, because its pages may not have been
// overwritten yet. fn reads the buckets with [Walker.Bucket].
func (w *Walker) Roots(fn func(top map[string]Bucket) error) error {
	metas, _, err := readMetas(w.f)
	if err != nil {
		return err
	}
	for i, m := range metas {
		m.pages = min(m.pages, w.pages)
		if i == 0 {
			if w.free, err = freePages(w.f, m); err != nil && !IsCorrupt(err) {
				return err
			}
		} else if w.free != nil {
			break
		}
		top := make(map[string]Bucket)
		if err := w.tree(m.root, 0, span{}, func(p Pair) error {
			if b, ok := p.Open(); ok && len(top) < maxTop {
				b.inline = bytes.Clone(b.inline)
				top[string(p.Key)] = b
			}
			return nil
		}); err != nil {
			return err
		}
		if err := fn(top); err != nil {
			return err
		}
	}
	return nil
}

// Bucket calls fn for the pairs of a bucket.
func (w *Walker) Bucket(b Bucket, fn func(Pair) error) error {
	if b.root != 0 {
		return w.tree(b.root, 0, span{}, fn)
	}
	if p, ok := b.page(); ok {
		_, err := p.pairs(fn)
		return err
	}
	return nil
}

// tree reads a subtree. It leaves out pages whose keys do not belong there: a damaged page number
// leads to them, maybe to a part of the tree as it was before later commits.
func (w *Walker) tree(id uint64, level int, keys span, fn func(Pair) error) error {
	if id < 2 || id >= w.pages || w.seen.has(id) || level > maxLevels {
		return nil
	}
	p, ok, err := w.read(id)
	if !ok {
		return err
	}
	intact := p.intact()
	if intact && level > 0 && !keys.encloses(&p) {
		return nil
	}
	switch p.flags {
	case flagBranch:
		w.seen.set(id)
		children, _ := p.children()
		for i, child := range children {
			below := keys
			if intact {
				below = keys.below(&p, i)
			}
			if err := w.tree(child, level+1, below, fn); err != nil {
				return err
			}
		}
	case flagLeaf:
		w.seen.set(id)
		for i := id + 1; i <= id+p.overflow; i++ {
			w.tails.set(i)
		}
		_, err := p.pairs(fn)
		return err
	}
	return nil
}

// read reads a page. ok is false if it is corrupt, or if the disk failed; err is the disk's error.
func (w *Walker) read(id uint64) (p page, ok bool, err error) {
	p, err = readPage(w.f, id, w.pages, true, nil)
	if IsCorrupt(err) {
		return page{}, false, nil
	}
	return p, err == nil, err
}

// Strays calls fn for the pairs of every leaf page that the walk has not visited and that is not
// known to be free, and for those of the inline buckets in it. It is not known which bucket a pair
// belongs to. Call it after [Walker.Roots].
func (w *Walker) Strays(fn func(Pair) error) error {
	for id := uint64(2); id < w.pages; id++ {
		if w.seen.has(id) || w.tails.has(id) || w.free.has(id) {
			continue
		}
		p, ok, err := w.read(id)
		if err != nil {
			return err
		}
		if ok && p.flags == flagLeaf {
			if err := strays(&p, fn); err != nil {
				return err
			}
		}
	}
	return nil
}

func strays(p *page, fn func(Pair) error) error {
	_, err := p.pairs(func(pair Pair) error {
		if !pair.IsBucket {
			return fn(pair)
		}
		b, ok := pair.Open()
		in, isPage := b.page()
		if !ok || !isPage {
			return nil
		}
		_, err := in.pairs(func(inner Pair) error {
			if inner.IsBucket {
				return nil
			}
			return fn(inner)
		})
		return err
	})
	return err
}
