package spool

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
)

// checkTrunk looks at the pages that lead to the buckets' leaves, and at the buckets that stand in their
// parent's page: a branch that leads back to itself, or an inline page that is none, would have bbolt go round
// until the memory is used up or read what is not the file's, which no recover helps against. These pages are few: one
// for some hundred leaves.
func checkTrunk(f *os.File, path string, m boltMeta) error {
	var buf [pageSize]byte
	root, err := readPage(f, m.root, m.pages, true, buf[:])
	if err != nil || root.flags != flagLeaf { // the five buckets fit into one leaf
		return damaged(path, "its root (page %d) is not one", m.root)
	}
	var roots [8]uint64
	n, spaces := 0, uint64(0)
	ok := root.leaves(func(top leaf) {
		h, ok := parseBucket(top.value)
		switch {
		case !top.bucket || !ok || h.root == 0 && !wholeInline(h.inline):
			err = damaged(path, "its part %.16q is none", top.key)
		case h.root == 0 && string(top.key) == string(bucketState):
			err = checkSpaces(f, path, m.pages, &h, err)
		case h.root == 0 || n == len(roots):
		case string(top.key) == string(bucketState):
			spaces = h.root
		default:
			roots[n] = h.root
			n++
		}
	})
	if !ok {
		return damaged(path, "its root (page %d) is not one", m.root)
	}
	for _, id := range roots[:n] {
		if err == nil {
			err = checkBranches(f, path, m.pages, id, buf[:], nil)
		}
	}
	if err == nil && spaces != 0 {
		err = checkBranches(f, path, m.pages, spaces, buf[:], func(p *page) error {
			return checkSpacesOf(f, path, m.pages, p)
		})
	}
	return err
}

func checkBranches(f *os.File, path string, pages, root uint64, buf []byte, leaf func(*page) error) error {
	t := trunk{f: f, pages: pages, buf: buf, leaf: leaf, branches: newBitmap(pages)}
	err := t.look(root, 0)
	if errors.Is(err, errPage) {
		return damaged(path, "%v", err)
	}
	return err
}

// checkSpaces does the same one level deeper, for the spaces of the state: they are buckets in a bucket.
func checkSpaces(f *os.File, path string, pages uint64, state *bucketHead, before error) error {
	if before != nil {
		return before
	}
	p, _ := inlinePage(state.inline)
	return checkSpacesOf(f, path, pages, &p)
}

func checkSpacesOf(f *os.File, path string, pages uint64, p *page) error {
	var err error
	ok := p.leaves(func(l leaf) {
		if err != nil {
			return
		}
		h, ok := parseBucket(l.value)
		if !l.bucket || !ok || h.root == 0 && !wholeInline(h.inline) {
			err = damaged(path, "the space %.16q is none", l.key)
		} else if h.root != 0 {
			err = checkBranches(f, path, pages, h.root, nil, nil)
		}
	})
	if err == nil && !ok {
		err = damaged(path, "the list of its spaces is not one")
	}
	return err
}

// wholeInline says whether each pair of an inline page lies in it.
func wholeInline(b []byte) bool {
	p, ok := inlinePage(b)
	return ok && p.leaves(func(leaf) {})
}

// A trunk is the branches of one bucket.
type trunk struct {
	f        *os.File
	pages    uint64
	branches bitmap
	leaves   int // the level that the leaves are on; 0 while it is not known
	buf      []byte
	leaf     func(*page) error // where not nil, called for each leaf, which then is read whole
}

// look reads a page on a level, and what it leads to as long as these are branches: a tree has all its
// leaves on one level, so of these only the first is read.
func (t *trunk) look(id uint64, level int) error {
	if err := t.mayLead(id); err != nil {
		return err
	}
	p, err := readPage(t.f, id, t.pages, t.leaf != nil, t.buf)
	switch {
	case err != nil:
		return err
	case p.flags == flagLeaf && (t.leaves == 0 || level == t.leaves):
		if t.leaves = level; t.leaf != nil {
			return t.leaf(&p)
		}
		return nil
	case p.flags != flagBranch || level >= maxLevels || t.leaves > 0 && level >= t.leaves:
		return fmt.Errorf("%w: page %d", errPage, id)
	}
	t.branches.set(id)
	if t.leaves > 0 && level+1 == t.leaves && t.leaf == nil {
		return t.leavesOf(&p, id)
	}
	children, ok := p.children()
	if !ok {
		return fmt.Errorf("%w: page %d", errPage, id)
	}
	for _, child := range children {
		if err := t.look(child, level+1); err != nil {
			return err
		}
	}
	return nil
}

// mayLead says what is wrong with a pointer to the page id.
func (t *trunk) mayLead(id uint64) error {
	if id < 2 || id >= t.pages {
		return fmt.Errorf("%w: page %d of %d", errPage, id, t.pages)
	}
	if t.branches.has(id) {
		return fmt.Errorf("%w: page %d leads back to itself", errPage, id)
	}
	return nil
}

// leavesOf looks at the pointers of a branch over leaves: there are very many of these, so that nothing is kept.
func (t *trunk) leavesOf(p *page, id uint64) error {
	if p.count == 0 || pageHeader+p.count*elementBytes > len(p.b) {
		return fmt.Errorf("%w: page %d", errPage, id)
	}
	for i := range p.count {
		if err := t.mayLead(binary.NativeEndian.Uint64(p.b[pageHeader+i*elementBytes+8:])); err != nil {
			return err
		}
	}
	return nil
}
