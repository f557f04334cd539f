package web

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"

	"virgo/collect/hostinfo/source"
)

// Bounds of a search through the folders of web sites.
const (
	// maxSiteFolders are read.
	maxSiteFolders = 50_000
	// maxSiteDepth is how deep below a root they may be.
	maxSiteDepth = 6
	// maxFound installations of a program are reported.
	maxFound = 1000
)

// A siteFolder is a folder that the search visits.
type siteFolder struct {
	root webRoot
	path string
	// entries of the folder by name, at most MaxEntries.
	entries map[string]fs.DirEntry
}

// has reports whether it contains a regular file, or a folder, of that name.
func (s siteFolder) has(name string, folder bool) bool {
	e, ok := s.entries[name]
	return ok && (folder && e.IsDir() || !folder && e.Type().IsRegular())
}

// searchSites visits the folders below the roots. Links are not followed, unless a root is one
// itself. Of an installation that visit found, the folders with its data are left out.
func searchSites(
	ctx context.Context, h *source.Host, roots []webRoot, problems *source.Problems,
	visit func(siteFolder) (found bool),
) {
	seen := map[string]bool{}
	var search func(root webRoot, folder string, depth int)
	search = func(root webRoot, folder string, depth int) {
		if seen[folder] || ctx.Err() != nil || len(seen) > maxSiteFolders {
			return
		}
		if seen[folder] = true; len(seen) > maxSiteFolders {
			problems.Add(fmt.Errorf("only the first %d folders of the web sites were searched", maxSiteFolders))
			return
		}
		s, err := readSiteFolder(h, root, folder)
		problems.Add(err)
		found := visit(s)
		if depth == maxSiteDepth {
			return
		}
		names := make([]string, 0, len(s.entries))
		for name, e := range s.entries {
			if e.IsDir() && !isSkipped(name, found) {
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

// isSkipped reports whether a folder belongs to a program, so that no other site is in it.
func isSkipped(name string, installation bool) bool {
	return strings.HasPrefix(name, ".") || strings.HasPrefix(name, "wp-") ||
		name == "node_modules" || name == "vendor" ||
		installation && slices.Contains([]string{"app", "lib", "media", "var", "generated"}, name)
}

func readSiteFolder(h *source.Host, root webRoot, folder string) (siteFolder, error) {
	s := siteFolder{root, folder, map[string]fs.DirEntry{}}
	d, err := h.OpenDir(folder)
	if err != nil {
		return s, err
	}
	defer d.Close()
	entries, err := d.ReadDir(source.MaxEntries)
	for _, e := range entries {
		s.entries[e.Name()] = e
	}
	if err != nil && !errors.Is(err, io.EOF) {
		return s, h.NameError(folder, err)
	}
	return s, nil
}
