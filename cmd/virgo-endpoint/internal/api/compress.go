package api

import (
	"net/http"
	"strings"
	"sync"

	"github.com/klauspost/compress/gzip"
)

// compressLevel is gzip's for answers: plots become an eighth, in a millisecond.
const compressLevel = 5

// A compressor keeps the writers of answers that were compressed.
type compressor struct{ pool sync.Pool }

// serve answers a GET with a compressed body, if whoever asks takes it; other methods can have secrets in their answers.
func (c *compressor) serve(w http.ResponseWriter, r *http.Request, next http.Handler) {
	if r.Method != http.MethodGet || !strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") || r.URL.Path == streamPath {
		next.ServeHTTP(w, r)
		return
	}
	out := &compressed{ResponseWriter: w, pool: &c.pool}
	next.ServeHTTP(out, r)
	out.close()
}

// compressed compresses what is written, once it is known to be a document.
type compressed struct {
	http.ResponseWriter
	pool    *sync.Pool
	zip     *gzip.Writer
	decided bool
}

func (c *compressed) WriteHeader(status int) {
	if !c.decided && status >= http.StatusOK {
		c.decided = true
		h := c.Header()
		h.Add("Vary", "Accept-Encoding")
		if kind := h.Get("Content-Type"); status == http.StatusOK && h.Get("Content-Encoding") == "" && (strings.Contains(kind, "json") || strings.HasPrefix(kind, "text/")) {
			h.Set("Content-Encoding", "gzip")
			h.Del("Content-Length")
			var ok bool
			if c.zip, ok = c.pool.Get().(*gzip.Writer); !ok {
				c.zip, _ = gzip.NewWriterLevel(nil, compressLevel) // the level is valid
			}
			c.zip.Reset(c.ResponseWriter)
		}
	}
	c.ResponseWriter.WriteHeader(status)
}

func (c *compressed) Write(p []byte) (int, error) {
	if !c.decided {
		c.WriteHeader(http.StatusOK)
	}
	if c.zip != nil {
		return c.zip.Write(p)
	}
	return c.ResponseWriter.Write(p)
}

func (c *compressed) close() {
	if c.zip != nil {
		_ = c.zip.Close() // a reader that went away needs no end
		c.pool.Put(c.zip)
	}
}

// Unwrap is for http.ResponseController.
func (c *compressed) Unwrap() http.ResponseWriter { return c.ResponseWriter }
