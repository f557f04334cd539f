package web

import (
	"context"
	"os"
	"path"
	"slices"
	"strings"

	"virgo/collect/hostinfo/source"
)

// A webRoot is a folder that a web server serves, or where distributions put sites.
type webRoot struct {
	Site string `json:"site" doc:"name of the virtual host; empty for a folder where sites usually are"`
	Path string `json:"path" doc:"the folder"`
}

// readWebRoots returns the document roots of Apache and nginx, and the usual folders, each once and
// before the folders that contain it.
func readWebRoots(ctx context.Context, h *source.Host, problems *source.Problems) []webRoot {
	var all []webRoot
	add := func(site, folder string) {
		folder = path.Clean(folder)
		known := slices.ContainsFunc(all, func(r webRoot) bool { return r.Path == folder })
		if !path.IsAbs(folder) || folder == "/" || known {
			return
		}
		if info, err := os.Stat(h.Path(folder)); err == nil && info.IsDir() && len(all) < maxFound {
			all = append(all, webRoot{site, folder})
		}
	}
	both := func(site, folder string) {
		add(site, folder)
		// Magento and others serve a subfolder of their own.
		if base := path.Base(folder); base == "pub" || base == "public" {
			add(site, path.Dir(path.Clean(folder)))
		}
	}
	for _, name := range []string{"apache2", "httpd"} {
		r, _ := readApacheConfig(ctx, h, name)
		problems.Add(r.problems.Err())
		for _, v := range r.setup.vhosts {
			both(v.Vhost, v.Docroot)
		}
		both("", r.setup.docroot)
	}
	n := newNginxReader(ctx, h, nginxConfig{ConfPath: "/etc/nginx/nginx.conf"})
	n.file(n.setup.ConfPath)
	problems.Add(n.problems.Err())
	for _, v := range n.setup.Vhosts {
		both(v.Domain, v.Docroot)
	}
	for _, pattern := range []string{
		"/var/www", "/srv/www", "/srv/http", "/usr/share/nginx/html", "/usr/local/www", "/home/*/public_html",
	} {
		for _, folder := range h.Glob(pattern) {
			// A user could replace it by a link to what only root may read.
			info, err := os.Lstat(h.Path(folder))
			if err == nil && (info.IsDir() || !strings.HasPrefix(folder, "/home/")) {
				add("", folder)
			}
		}
	}
	slices.SortStableFunc(all, func(a, b webRoot) int {
		return strings.Count(b.Path, "/") - strings.Count(a.Path, "/")
	})
	return all
}
