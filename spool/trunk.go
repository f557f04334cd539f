package spool

import (
	"fmt"
	"os"
)

// checkTrunk looks at the pages that lead to the queue's and the other buckets' leaves: a branch that leads back to itself
// would have bbolt go round until the memory is used up, which no recover helps against. They are few:
// one for some hundred leaves.
func checkTrunk(f *os.File, path string, m boltMeta) error {
	var buf [pageSize]byte
	root, err := readPage(f, m.root, m.pages, true, buf[:])
	if err != nil || root.flags != flagLeaf { // the five buckets fit into one leaf
		return damaged(path, "its root (page %d) is not one", m.root)
	}
	var roots [8]uint64
	n := 0
	ok := root.leaves(func(top leaf) {
		if h, ok := parseBucket(top.value); top.bucket && ok && h.root != 0 && n < len(roots) {
			roots[n] = h.root
			n++
		}
	})
	if !ok {
		return damaged(path, "its root (page %d) is not one", m.root)
	}
	for _, id := range roots[:n] {
		t := trunk{f: f, pages: m.pages, buf: buf[:]}
		if err := t.look(id, 0); err != nil {
			return damaged(path, "%v", err)
		}
	}
	return nil
}

// A trunk is the branches of one bucket.
type trunk struct {
	f        *os.File
	pages    uint64
	branches []uint64
	leaves   int // the level that the leaves are on; 0 while it is not known
	buf      []byte
}

// look reads a page on a level, and what it leads to as long as these are branches: a tree has all its
// leaves on one level, so of these only the first is read.
func (t *trunk) look(id uint64, level int) error {
	for _, seen := range t.branches {
		if seen == id {
			return fmt.Errorf("%w: page %d leads back to itself", errPage, id)
		}
	}
	if level > 0 && level == t.leaves {
		if id < 2 || id >= t.pages {
			return fmt.Errorf("%w: page %d of %d", errPage, id, t.pages)
		}
		return nil
	}
	p, err := readPage(t.f, id, t.pages, false, t.buf)
	switch {
	case err != nil:
		return err
	case p.flags == flagLeaf && t.leaves == 0:
		t.leaves = level
		return nil
	case p.flags != flagBranch || level >= maxLevels || t.leaves > 0 && level >= t.leaves:
		return fmt.Errorf("%w: page %d", errPage, id)
	}
	t.branches = append(t.branches, id)
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
