package policy

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
)

// maxNeverFiles bounds how many files of the agent's own are compared with one that has several names.
const maxNeverFiles = 20_000

// neverOpened are the files and folders that no script may use. They are compared by path, and by
// what the system knows them as: they may have other names, by links or mounts.
type neverOpened struct {
	named []string

	once  sync.Once
	paths []string      // clean, without case, with and without links
	files []fs.FileInfo // of those that are there and that this process may ask about

	mu sync.Mutex
	// folders are those that were compared, and whether they are one of them or below one.
	folders map[string]bool
}

func (n *neverOpened) load() {
	for _, name := range n.named {
		n.paths = append(n.paths, foldPath(name))
		resolved, err := resolve(name, 0)
		if err != nil {
			continue
		}
		if folded := foldPath(resolved); folded != n.paths[len(n.paths)-1] {
			n.paths = append(n.paths, folded)
		}
		if info, err := os.Stat(resolved); err == nil {
			n.files = append(n.files, info)
		}
	}
}

// foldPath returns a path for comparison on file systems that do not tell letters apart by case.
func foldPath(path string) string { return strings.ToLower(cleanPath(path)) }

// has reports whether a path is one of them, or below one, or a secret of /proc. fresh: nothing
// that was found out before counts.
func (n *neverOpened) has(path string, fresh bool) bool {
	n.once.Do(n.load)
	folded := foldPath(path)
	if isSecretProc(folded) {
		return true
	}
	for _, p := range n.paths {
		if folded == p || strings.HasPrefix(folded, strings.TrimSuffix(p, "/")+"/") {
			return true
		}
	}
	if info, err := os.Stat(path); err == nil && n.isOne(info) {
		return true
	}
	return n.hasFolder(filepath.Dir(path), fresh)
}

// hasFolder reports whether a folder is one of them or below one, as the system knows them. What
// was found out about a folder is kept unless it must be fresh: a script may ask for each of ten
// thousand files in one.
func (n *neverOpened) hasFolder(folder string, fresh bool) bool {
	n.mu.Lock()
	known, ok := n.folders[folder]
	n.mu.Unlock()
	if ok && !fresh {
		return known
	}
	found := false
	if info, err := os.Stat(folder); err == nil && n.isOne(info) {
		found = true
	} else if above := filepath.Dir(folder); above != folder {
		found = n.hasFolder(above, fresh)
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if len(n.folders) >= maxApproved {
		n.folders = nil
	}
	if n.folders == nil {
		n.folders = make(map[string]bool)
	}
	n.folders[folder] = found
	return found
}

func (n *neverOpened) isOne(info fs.FileInfo) bool {
	for _, f := range n.files {
		if os.SameFile(f, info) {
			return true
		}
	}
	return false
}

// hasCopy reports whether an open file is one of them, or one below their folders, by another name.
// Only a file with several names is searched for; one that cannot be searched for is refused.
func (n *neverOpened) hasCopy(f *os.File, info fs.FileInfo) bool {
	n.once.Do(n.load)
	if n.isOne(info) {
		return true
	}
	if info.IsDir() || namesOf(f, info) < 2 {
		return false
	}
	seen, found := 0, false
	for _, name := range n.named {
		err := filepath.WalkDir(name, func(_ string, entry fs.DirEntry, err error) error {
			if seen++; seen > maxNeverFiles {
				return fs.SkipAll
			}
			if err != nil || entry.IsDir() {
				return nil // who may not read the folder has no file of it
			}
			if other, err := entry.Info(); err == nil && os.SameFile(other, info) {
				found = true
				return fs.SkipAll
			}
			return nil
		})
		if err != nil {
			continue
		}
	}
	return found || seen > maxNeverFiles
}
