package hostinfo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"
)

// Bounds of a search through the folders of web sites.
const (
	// maxSiteFolders are looked into.
	maxSiteFolders = 50_000
	// maxSiteDepth is how deep below a root they lie.
	maxSiteDepth = 6
	// maxFound installations of a program are told.
	maxFound = 1000
)

// A siteFolder is one that the search comes to.
type siteFolder struct {
	root webRoot
	path string
	// entries of the folder by name, at most maxEntries.
	entries map[string]fs.DirEntry
}

// has says whether a regular file, or a folder, of that name is in it.
func (s siteFolder) has(name string, folder bool) bool {
	e, ok := s.entries[name]
	return ok && (folder && e.IsDir() || !folder && e.Type().IsRegular())
}

// searchSites visits the folders below the roots. Links are not followed, except where a root is one itself; of
// an installation that visit found, the folders that hold its data are left out.
func (h *Host) searchSites(ctx context.Context, roots []webRoot, f *faults, visit func(siteFolder) (found bool)) {
	seen := map[string]bool{}
	var search func(root webRoot, folder string, depth int)
	search = func(root webRoot, folder string, depth int) {
		if seen[folder] || ctx.Err() != nil || len(seen) > maxSiteFolders {
			return
		}
		if seen[folder] = true; len(seen) > maxSiteFolders {
			f.add(fmt.Errorf("only the first %d folders of the web sites were searched", maxSiteFolders))
			return
		}
		s, err := h.siteFolder(root, folder)
		f.add(err)
		found := visit(s)
		if depth == maxSiteDepth {
			return
		}
		names := make([]string, 0, len(s.entries))
		for name, e := range s.entries {
			if e.IsDir() && !skippedSiteFolder(name, found) {
				names = append(names, name)
			}
		}
		slices.Sort(names)
		for _, name := range names {
			search(root, folder+"/"+name, depth+1)
		}
	}
	for _, root := range roots {
		search(root, root.Path, 0)
	}
}

// skippedSiteFolder says whether a folder belongs to a program and no other site lies in it.
func skippedSiteFolder(name string, installation bool) bool {
	return strings.HasPrefix(name, ".") || strings.HasPrefix(name, "wp-") || name == "node_modules" || name == "vendor" ||
		installation && slices.Contains([]string{"app", "lib", "media", "var", "generated"}, name)
}

func (h *Host) siteFolder(root webRoot, folder string) (siteFolder, error) {
	s := siteFolder{root, folder, map[string]fs.DirEntry{}}
	d, err := h.openFolder(folder)
	if err != nil {
		return s, err
	}
	defer d.Close()
	entries, err := d.ReadDir(maxEntries)
	for _, e := range entries {
		s.entries[e.Name()] = e
	}
	if err != nil && !errors.Is(err, io.EOF) {
		return s, h.plain(folder, err)
	}
	return s, nil
}
