package web

import (
	"io"
	"os"
	"slices"
	"syscall"

	"virgo/collect/hostinfo/source"
)

// siteFiles are the files below one folder. Links that lead out of it are not followed: the owner
// of a site must not learn of files that only root may read.
type siteFiles struct{ root *os.Root }

// openSite opens a folder; without permission it seems empty. The caller closes it.
func openSite(h *source.Host, folder string) siteFiles {
	root, err := os.OpenRoot(h.Path(folder))
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

// isRegular reports whether there is a regular file of that name.
func (s siteFiles) isRegular(name string) bool {
	if s.root == nil {
		return false
	}
	info, err := s.root.Stat(name)
	return err == nil && info.Mode().IsRegular()
}

// head returns the first bytes of a regular file, or nil.
func (s siteFiles) head(name string, most int64) []byte {
	if !s.isRegular(name) {
		return nil
	}
	// Whoever may write to the folder may replace the file by a pipe after the Stat.
	f, err := s.root.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil
	}
	defer f.Close()
	return headOf(f, most)
}

// headOf returns the first bytes of a regular file; nil for anything else, which might never end.
func headOf(f *os.File, most int64) []byte {
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() {
		return nil
	}
	b, _ := io.ReadAll(io.LimitReader(f, most)) // what was read before an error is enough
	return b
}

// names lists a folder, sorted, at most MaxEntries of it.
func (s siteFiles) names(folder string) []string {
	if s.root == nil {
		return nil
	}
	f, err := s.root.OpenFile(folder, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil
	}
	defer f.Close()
	names, _ := f.Readdirnames(source.MaxEntries) // those read before an error are enough
	slices.Sort(names)
	return names
}
