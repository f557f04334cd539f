package hostinfo

import (
	"io"
	"os"
	"slices"
	"syscall"
)

// siteFiles are the files below one folder. Links that lead out of it are not followed: a site's owner must
// not learn of files that only root may read.
type siteFiles struct{ root *os.Root }

// siteFiles opens a folder; without the right to, it seems empty. The caller closes it.
func (h *Host) siteFiles(folder string) siteFiles {
	root, err := os.OpenRoot(h.path(folder))
	if err != nil {
		return siteFiles{}
	}
	return siteFiles{root}
}

func (s siteFiles) close() {
	if s.root != nil {
		s.root.Close()
	}
}

// regular says whether there is a file of that name that can be read without waiting.
func (s siteFiles) regular(name string) bool {
	if s.root == nil {
		return false
	}
	info, err := s.root.Stat(name)
	return err == nil && info.Mode().IsRegular()
}

// head gives the first bytes of a file; nil where there is none.
func (s siteFiles) head(name string, most int64) []byte {
	if !s.regular(name) {
		return nil
	}
	// Whoever may write the folder may put a pipe there after that look.
	f, err := s.root.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil
	}
	defer f.Close()
	return headOf(f, most)
}

// headOf gives the first bytes of a regular file; nil of anything else, which might never end.
func headOf(f *os.File, most int64) []byte {
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() {
		return nil
	}
	b, _ := io.ReadAll(io.LimitReader(f, most)) // what was read before a fault serves as well
	return b
}

// names lists a folder, sorted, at most the first maxEntries.
func (s siteFiles) names(folder string) []string {
	if s.root == nil {
		return nil
	}
	f, err := s.root.OpenFile(folder, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil
	}
	defer f.Close()
	names, _ := f.Readdirnames(maxEntries) // those that were read before a fault serve as well
	slices.Sort(names)
	return names
}
