package boltfile

import (
	"bytes"
	"io"
	"slices"
)

// A State is how much of a file's creation is done.
type State int

const (
	Ready      State = iota // bbolt can open it
	Empty                   // it has no bytes
	Unfinished              // its creation was interrupted: nothing was ever stored
)

// A Usage counts the pages of a file.
type Usage struct {
	Pages, Free uint64
}

// A Layout says what the top-level buckets are like.
type Layout struct {
	// Nested is the bucket that contains buckets; empty if none does. Deeper levels are not checked.
	Nested string
	// Large are the buckets that may have many pages.
	Large []string
}

// A File is a file of which [Check] verified what every transaction reads.
type File struct {
	State State
	Usage Usage

	f      io.ReaderAt
	size   int64
	layout Layout
	free   bitmap
	trees  map[string]*Tree
}

// Tree returns the pages of a large bucket; nil if it is stored in its parent's page, which was
// verified, or does not exist.
func (f *File) Tree(name string) *Tree { return f.trees[name] }

// CheckAll verifies what [Check] does, and the branches of the large buckets: those pages that lead
// to others. They are few, one for some hundred leaves.
func (f *File) CheckAll() error {
	_, err := checkFile(f.f, f.size, f.layout, true)
	return err
}

// Check verifies the parts of a file of size bytes that every transaction reads: the header, the
// free list, the top-level buckets and all pages of the small ones. Those of the large ones are
// verified by a [Tree], on the way to them.
func Check(f io.ReaderAt, size int64, layout Layout) (*File, error) {
	return checkFile(f, size, layout, false)
}

func checkFile(f io.ReaderAt, size int64, layout Layout, all bool) (*File, error) {
	file := &File{f: f, size: size, layout: layout, trees: make(map[string]*Tree)}
	if size == 0 {
		file.State = Empty
		return file, nil
	}
	valid, newer, err := readMetas(f)
	if err != nil {
		return nil, err
	}
	if size <= emptyFile*PageSize { // the first commit makes it longer
		file.State, err = checkNew(f, size)
		file.Usage.Pages = emptyFile
		return file, err
	}
	if len(valid) == 0 {
		if newer == 2 {
			return nil, ErrNewerVersion
		}
		return nil, explainHeaders(f)
	}
	m := valid[0]
	switch {
	case m.pages > uint64(size)/PageSize:
		err = corrupt("the file ends at byte %d, and its header speaks of %d pages of %d", size, m.pages, PageSize)
	case m.root < 2 || m.root >= m.pages:
		err = corrupt("the header has the root on page %d of %d", m.root, m.pages)
	}
	if err != nil {
		return nil, err
	}
	file.Usage.Pages = m.pages
	file.free = newBitmap(m.pages)
	if file.Usage.Free, err = readFreelist(f, m, file.free.set); err != nil {
		return nil, err
	}
	if err := checkPointer(m.root, m.pages, file.free); err != nil {
		return nil, err
	}
	return file, file.checkBuckets(m, all)
}

// checkNew distinguishes an interrupted creation (each byte is that of a new file, or zero because
// it was not written yet) from a file that is too short.
func checkNew(f io.ReaderAt, size int64) (State, error) {
	have, want := make([]byte, size), newFile()
	if err := readAt(f, have, 0); err != nil {
		return 0, err
	}
	if bytes.Equal(have, want) {
		return Ready, nil
	}
	for i, b := range have {
		if b != 0 && b != want[i] {
			return 0, explainHeaders(f)
		}
	}
	return Unfinished, nil
}

// ReadUsage reads the number of pages and of free pages, from the header and the start of the free
// list. If neither header is valid, both are zero.
func ReadUsage(f io.ReaderAt) (Usage, error) {
	valid, _, err := readMetas(f)
	if err != nil || len(valid) == 0 {
		return Usage{}, err
	}
	free, _, err := freeCount(f, valid[0])
	return Usage{Pages: valid[0].pages, Free: free}, err
}

func (f *File) checkBuckets(m meta, all bool) error {
	p, err := readPage(f.f, m.root, m.pages, true, nil)
	if err != nil {
		return err
	}
	if p.flags != flagLeaf || !p.intact() { // the few top-level buckets fit in one leaf
		return corruptPage(m.root)
	}
	var bufs, inner [][]byte
	ok, err := p.pairs(func(top Pair) error {
		b, err := openChecked(top)
		if err != nil {
			return err
		}
		c := treeChecker{f: f.f, pages: m.pages, free: f.free, bufs: bufs}
		if name := string(top.Key); name == f.layout.Nested {
			c.leaf = func(p *page) error { return f.checkNested(m.pages, p, &inner) }
		} else if slices.Contains(f.layout.Large, name) {
			if !all && b.root != 0 {
				f.trees[name] = newTree(f.f, m.pages, f.free, b.root)
				return checkPointer(b.root, m.pages, f.free)
			}
			c.branchesOnly = true
		}
		err = c.bucket(b)
		bufs = c.bufs
		return err
	})
	if err == nil && !ok {
		err = corruptPage(m.root)
	}
	return err
}

// checkNested checks the buckets in a leaf of a bucket.
func (f *File) checkNested(pages uint64, leaf *page, bufs *[][]byte) error {
	ok, err := leaf.pairs(func(p Pair) error {
		b, err := openChecked(p)
		if err != nil {
			return err
		}
		c := treeChecker{f: f.f, pages: pages, free: f.free, bufs: *bufs}
		err = c.bucket(b)
		*bufs = c.bufs
		return err
	})
	if err == nil && !ok {
		err = corrupt("a list of buckets is not whole")
	}
	return err
}

// openChecked opens a bucket. An inline one of which a pair lies outside is an error: it would make
// bbolt read past the file's memory.
func openChecked(p Pair) (Bucket, error) {
	b, ok := p.Open()
	if ok && b.root == 0 {
		var leaf page
		if leaf, ok = b.page(); ok {
			ok, _ = leaf.pairs(func(Pair) error { return nil })
		}
	}
	if !ok {
		return Bucket{}, corrupt("%.16q is not a bucket", p.Key)
	}
	return b, nil
}

// A treeChecker goes through the pages of one bucket, from its root.
type treeChecker struct {
	f        io.ReaderAt
	pages    uint64
	free     bitmap
	branches bitmap
	leaves   int               // the level of the leaves; 0 while it is not known
	bufs     [][]byte          // one for each level
	leaf     func(*page) error // where not nil, called for each leaf, which then is read whole

	// branchesOnly leaves out the leaves but the first one. All leaves of a tree are on one level.
	branchesOnly bool
}

func (c *treeChecker) bucket(b Bucket) error {
	if b.root != 0 {
		c.branches = newBitmap(c.pages)
		return c.check(b.root, 0, span{})
	}
	if p, _ := b.page(); c.leaf != nil {
		return c.leaf(&p)
	}
	return nil
}

// check reads a page of a level, which is to have such keys, and the pages below it.
func (c *treeChecker) check(id uint64, level int, keys span) error {
	if err := c.checkPointer(id); err != nil {
		return err
	}
	if level == len(c.bufs) {
		c.bufs = append(c.bufs, make([]byte, PageSize))
	}
	p, err := readPage(c.f, id, c.pages, c.leaf != nil, c.bufs[level])
	switch {
	case err != nil:
		return err
	case !p.intact() || level > 0 && !keys.encloses(&p) || c.free.hasAny(id, p.overflow):
		return corruptPage(id)
	case p.flags == flagLeaf && (c.leaves == 0 || level == c.leaves):
		if c.leaves = level; c.leaf != nil {
			return c.leaf(&p)
		}
		return nil
	case p.flags != flagBranch || level >= maxLevels || c.leaves > 0 && level >= c.leaves:
		return corruptPage(id)
	}
	c.branches.set(id)
	if c.leavesDone(level + 1) {
		return c.checkPointers(&p)
	}
	for i := range p.count {
		if child := p.child(i); c.leavesDone(level + 1) {
			err = c.checkPointer(child)
		} else {
			err = c.check(child, level+1, keys.below(&p, i))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// leavesDone means that the level is that of the leaves, and that none of them need be read.
func (c *treeChecker) leavesDone(level int) bool { return c.leaves == level && c.branchesOnly }

// checkPointer checks a page number of a tree. bbolt would overwrite a page that is also free.
func checkPointer(id, pages uint64, free bitmap) error {
	if id < 2 || id >= pages {
		return corrupt("page %d of %d", id, pages)
	}
	if free.has(id) {
		return corrupt("page %d is in use and free", id)
	}
	return nil
}

func (c *treeChecker) checkPointer(id uint64) error {
	if err := checkPointer(id, c.pages, c.free); err != nil {
		return err
	}
	if c.branches.has(id) {
		return corrupt("page %d leads back to itself", id)
	}
	return nil
}

// checkPointers checks the pointers of a branch to leaves. They are very many, so they are not
// collected.
func (c *treeChecker) checkPointers(p *page) error {
	for i := range p.count {
		if err := c.checkPointer(p.child(i)); err != nil {
			return err
		}
	}
	return nil
}
