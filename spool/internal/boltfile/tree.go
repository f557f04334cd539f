package boltfile

import (
	"bytes"
	"io"
	"sort"
)

// A Tree verifies pages of a large bucket before bbolt reads them. Its methods are called before the
// method of bbolt that they name, with the same key. Their errors are those of the package comment. A
// nil Tree has nothing to verify.
//
// That bbolt reads no other page follows from how it works (cursor.go and node.go in its sources):
//
//   - Until the commit it changes keys and values, and not which page leads to which. The path to a
//     key is therefore the one in the file. Each branch is searched as bbolt searches it, and the
//     keys of a page must lie between those that lead to it, so that the next and the previous page
//     are the same ones, too.
//   - A step of a cursor, and a Seek past the end of a leaf, go to the leaf beside it; past one in
//     which all keys were deleted, to the one beside that, which the deletion verified.
//   - A commit reads a page that is not in memory only to merge it with one of which keys were
//     deleted and in which little is left. For leaves see [Tree.Delete], for branches
//     [Tree.MergesBranches].
type Tree struct {
	f     io.ReaderAt
	pages uint64
	free  bitmap
	root  uint64
	buf   []byte
	level int // of the leaves; -1 while it is not known

	// The leaf that was reached last, and its neighbours; nil where they were not verified.
	before, at, after *leaf

	thinned map[uint64]bool    // leaves in which keys are deleted, by page
	parents map[uint64]*parent // the branches right above them, by page
}

// A leaf is a verified leaf page.
type leaf struct {
	span
	page   uint64
	parent parent
}

// A parent is the branch right above a leaf.
type parent struct {
	page           uint64
	count          int // elements
	bytes, largest int // of the page, of the largest element
}

func newTree(f io.ReaderAt, pages uint64, free bitmap, root uint64) *Tree {
	return &Tree{f: f, pages: pages, free: free, root: root, level: -1}
}

func (l *leaf) holds(key []byte) bool { return l != nil && l.span.holds(key) }

// First verifies the way to the first pair.
func (t *Tree) First() error { return t.Path(nil) }

// Last verifies the way to the last pair.
func (t *Tree) Last() error {
	if t == nil || t.at != nil && t.at.high == nil {
		return nil
	}
	return t.arrive(t.walk(func(p *page) int { return p.count - 1 }))
}

// Path verifies the way to a key, for Get and Put.
func (t *Tree) Path(key []byte) error {
	switch {
	case t == nil || t.at.holds(key):
		return nil
	case t.after.holds(key):
		t.before, t.at, t.after = t.at, t.after, nil
		return nil
	case t.before.holds(key):
		t.before, t.at, t.after = nil, t.before, t.at
		return nil
	}
	return t.arrive(t.walk(lastUpTo(key)))
}

func (t *Tree) arrive(l *leaf, err error) error {
	if err == nil {
		t.before, t.at, t.after = nil, l, nil
	}
	return err
}

// Next verifies the way to a key and to the pair after it, for Seek and a cursor's Next.
func (t *Tree) Next(key []byte) (err error) {
	if err := t.Path(key); t == nil || err != nil || t.after != nil || t.at.high == nil {
		return err
	}
	t.after, err = t.walk(lastUpTo(t.at.high))
	return err
}

// Prev verifies the way to a key and to the pair before it, for a cursor's Prev.
func (t *Tree) Prev(key []byte) (err error) {
	if err := t.Path(key); t == nil || err != nil || t.before != nil || t.at.low == nil {
		return err
	}
	t.before, err = t.walk(lastBefore(t.at.low))
	return err
}

// Delete verifies the way to a key and both neighbours of its leaf. A commit merges a leaf of which
// keys were deleted with one of them if little is left in it.
//
// Merging goes no further. If a neighbour was merged away itself, keys were deleted in it too, so
// its own neighbours were verified; or a leaf on its other side took it in, which is in memory.
func (t *Tree) Delete(key []byte) error {
	if err := t.Next(key); t == nil || err != nil {
		return err
	}
	if err := t.Prev(key); err != nil {
		return err
	}
	if t.thinned == nil {
		t.thinned, t.parents = make(map[uint64]bool), make(map[uint64]*parent)
	}
	if l := t.at; l.page != t.root && !t.thinned[l.page] {
		t.thinned[l.page] = true
		if t.parents[l.parent.page] == nil {
			t.parents[l.parent.page] = &l.parent
		}
		p := t.parents[l.parent.page]
		p.count, p.bytes = p.count-1, p.bytes-p.largest
	}
	return nil
}

// minBranch is the number of elements that a branch needs in order not to be merged, whatever their
// size.
const minBranch = 3

// MergesBranches reports whether a commit of the deletions may merge branches, for which it reads
// others on any way: they must be verified by [File.CheckAll]. threshold is the number of bytes up
// to which bbolt merges a page.
//
// Each leaf that a commit merges or frees takes one element out of a branch; it is one that was
// counted in Delete, or its neighbour. A root has no neighbour to merge with.
func (t *Tree) MergesBranches(threshold int) bool {
	if t == nil {
		return false
	}
	for _, p := range t.parents {
		if p.page != t.root && (p.count < minBranch || p.bytes <= threshold) {
			return true
		}
	}
	return false
}

// lastUpTo chooses the element of a branch that bbolt follows to a key: the last one that is not
// greater; if there is none, the first one.
func lastUpTo(key []byte) func(*page) int {
	return func(p *page) int {
		return max(0, sort.Search(p.count, func(i int) bool { return bytes.Compare(p.key(i), key) > 0 })-1)
	}
}

// lastBefore chooses the last element that leads to keys less than key.
func lastBefore(key []byte) func(*page) int {
	return func(p *page) int {
		return max(0, sort.Search(p.count, func(i int) bool { return bytes.Compare(p.key(i), key) >= 0 })-1)
	}
}

// walk goes from the root to a leaf by the elements that are chosen, and verifies each page before
// it follows it.
func (t *Tree) walk(choose func(*page) int) (*leaf, error) {
	if t.buf == nil {
		t.buf = make([]byte, PageSize)
	}
	l := &leaf{page: t.root}
	for level := 0; level < maxLevels; level++ {
		p, err := readPage(t.f, l.page, t.pages, false, t.buf)
		if err != nil {
			return nil, err
		}
		if !p.intact() || level > 0 && !l.encloses(&p) || t.free.hasAny(l.page, p.overflow) {
			return nil, corruptPage(l.page)
		}
		if p.flags == flagLeaf && (t.level < 0 || t.level == level) {
			t.level = level
			return l, nil
		}
		if p.flags != flagBranch || t.level >= 0 && level >= t.level {
			return nil, corruptPage(l.page)
		}
		for i := range p.count {
			if err := checkPointer(p.child(i), t.pages, t.free); err != nil {
				return nil, err
			}
		}
		l.descend(&p, choose(&p))
	}
	return nil, corrupt("page %d lies too deep", l.page)
}

// descend follows element i of a branch.
func (l *leaf) descend(p *page, i int) {
	l.parent = parent{page: l.page, count: p.count, bytes: p.size, largest: elementBytes + p.longest}
	s := l.below(p, i)
	l.span = span{bytes.Clone(s.low), bytes.Clone(s.high)}
	l.page = p.child(i)
}
