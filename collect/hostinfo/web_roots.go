package hostinfo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
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

// A webRoot is a folder that a web server serves, or that distributions put sites into.
type webRoot struct {
	Site string `json:"site" doc:"name of the virtual host; empty where the folder is searched because sites often lie there"`
	Path string `json:"path" doc:"the folder"`
}

// webRoots gives the document roots of Apache and nginx, and the usual folders, each once; those that lie in
// another come before it.
func (h *Host) webRoots(ctx context.Context, f *faults) []webRoot {
	var all []webRoot
	add := func(site, folder string) {
		folder = path.Clean(folder)
		if !path.IsAbs(folder) || folder == "/" || slices.ContainsFunc(all, func(r webRoot) bool { return r.Path == folder }) {
			return
		}
		if info, err := os.Stat(h.path(folder)); err == nil && info.IsDir() && len(all) < maxFound {
			all = append(all, webRoot{site, folder})
		}
	}
	both := func(site, folder string) {
		add(site, folder)
		// Magento and others serve a folder of theirs and lie above it.
		if base := path.Base(folder); base == "pub" || base == "public" {
			add(site, path.Dir(path.Clean(folder)))
		}
	}
	for _, name := range []string{"apache2", "httpd"} {
		r, _ := h.apacheConfig(ctx, name)
		f.add(r.faults.err())
		for _, v := range r.setup.vhosts {
			both(v.Vhost, v.Docroot)
		}
		both("", r.setup.docroot)
	}
	n := h.nginxReader(ctx, nginxConfig{ConfPath: "/etc/nginx/nginx.conf"})
	n.file(n.setup.ConfPath)
	f.add(n.faults.err())
	for _, v := range n.setup.Vhosts {
		both(v.Domain, v.Docroot)
	}
	for _, pattern := range []string{"/var/www", "/srv/www", "/srv/http", "/usr/share/nginx/html", "/usr/local/www", "/home/*/public_html"} {
		for _, folder := range h.glob(pattern) {
			add("", folder)
		}
	}
	slices.SortStableFunc(all, func(a, b webRoot) int { return strings.Count(b.Path, "/") - strings.Count(a.Path, "/") })
	return all
}

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

// searchSites visits the folders below the roots. Links are not followed, except where a root is one itself.
func (h *Host) searchSites(ctx context.Context, roots []webRoot, f *faults, visit func(siteFolder)) {
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
		visit(s)
		if depth == maxSiteDepth {
			return
		}
		names := make([]string, 0, len(s.entries))
		for name, e := range s.entries {
			if e.IsDir() && !skippedSiteFolder(name) {
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

// skippedSiteFolder says whether a folder belongs to a program that is known by the folder above.
func skippedSiteFolder(name string) bool {
	return strings.HasPrefix(name, ".") || strings.HasPrefix(name, "wp-") ||
		slices.Contains([]string{"node_modules", "vendor", "media", "var", "generated", "uploads", "cache"}, name)
}

func (h *Host) siteFolder(root webRoot, folder string) (siteFolder, error) {
	s := siteFolder{root, folder, map[string]fs.DirEntry{}}
	d, err := os.Open(h.path(folder))
	if err != nil {
		return s, h.plain(folder, err)
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

// head gives the first bytes of a regular file that is no link; nothing where it is not there.
func (h *Host) head(name string, most int64) []byte {
	info, err := os.Lstat(h.path(name))
	if err != nil || !info.Mode().IsRegular() {
		return nil
	}
	f, err := os.Open(h.path(name))
	if err != nil {
		return nil
	}
	defer f.Close()
	b, _ := io.ReadAll(io.LimitReader(f, most)) // what was read before a fault serves as well
	return b
}
