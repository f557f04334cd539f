package web

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"path"
	"strconv"

	"github.com/klauspost/compress/gzip"
)

// The files of assets/css are joined in the order of their names to virgo.css, those of js to virgo.js, and
// those of plots to plots.js: so each view has files of its own, and a page few requests.
//
//go:embed assets
var assetFiles embed.FS

// bundles are folder and type of what a browser asks for.
var bundles = map[string]struct{ folder, kind string }{
	"virgo.css": {"css", "text/css; charset=utf-8"},
	"virgo.js":  {"js", "text/javascript; charset=utf-8"},
	"plots.js":  {"plots", "text/javascript; charset=utf-8"},
}

// An asset is a file for browsers.
type asset struct {
	kind, hash string
	data, gzip []byte
}

// assets are all, by name. They never change.
type assets struct{ byName map[string]*asset }

func loadAssets() (*assets, error) {
	all := &assets{byName: map[string]*asset{}}
	z, err := gzip.NewWriterLevel(io.Discard, assetLevel)
	if err != nil {
		return nil, err
	}
	for name, b := range bundles {
		files, err := fs.Glob(assetFiles, path.Join("assets", b.folder, "*"+path.Ext(name)))
		if err != nil {
			return nil, err
		}
		var data bytes.Buffer
		for _, file := range files {
			one, err := assetFiles.ReadFile(file)
			if err != nil {
				return nil, err
			}
			data.Write(one)
			data.WriteByte('\n')
		}
		a := &asset{kind: b.kind, data: data.Bytes()}
		if a.gzip, err = compressWith(z, a.data); err != nil {
			return nil, err
		}
		sum := sha256.Sum256(a.data)
		a.hash = hex.EncodeToString(sum[:8])
		all.byName[name] = a
	}
	return all, nil
}

// address returns where a browser finds an asset.
func (a *assets) address(name string) (string, error) {
	one, ok := a.byName[name]
	if !ok {
		return "", fmt.Errorf("no such asset: %q", name)
	}
	return "/a/" + one.hash + "/" + name, nil
}

func (a *assets) serve(w http.ResponseWriter, r *http.Request) {
	one, ok := a.byName[r.PathValue("name")]
	if !ok || r.PathValue("hash") != one.hash {
		http.NotFound(w, r) // of another version of the program: the page that names it is old
		return
	}
	h, data := w.Header(), one.data
	h.Set("Content-Type", one.kind)
	h.Set("Cache-Control", "public, max-age=31536000, immutable")
	h.Set("Vary", "Accept-Encoding")
	if acceptsGzip(r) {
		h.Set("Content-Encoding", "gzip")
		data = one.gzip
	}
	h.Set("Content-Length", strconv.Itoa(len(data)))
	_, _ = w.Write(data)
}
