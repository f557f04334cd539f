package hostinfo

import (
	"context"
	"os"
	"path"
	"slices"
	"strings"
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
			// A user may have made a link of it, to where only root may look.
			if info, err := os.Lstat(h.path(folder)); err == nil && (info.IsDir() || !strings.HasPrefix(folder, "/home/")) {
				add("", folder)
			}
		}
	}
	slices.SortStableFunc(all, func(a, b webRoot) int { return strings.Count(b.Path, "/") - strings.Count(a.Path, "/") })
	return all
}
