package web

import (
	"bytes"
	"fmt"
	"net/http"
	"strings"

	"virgo/cmd/virgo-endpoint/internal/watch"
)

// maxDocument bounds a page; 500 hosts are a tenth of it.
const maxDocument = 8 << 20

// A document is what the layout shows around a view.
type document struct {
	// Title is the first word of the window's title, and the heading if the view has none of its own.
	Title string
	Theme string
	// Nav is empty where nobody is logged in.
	Nav  []navItem
	Menu []navItem
	// Person is the name of who is logged in.
	Person string
	// Proxy is true where a proxy says who it is: there is nothing to log out of.
	Proxy   bool
	View    string
	Version string
	Scripts []string
	// Body is the view's own.
	Body any
	q    *request
}

// A scripted body names further assets of the kind js for its page.
type scripted interface{ Scripts() []string }

// render answers with a view: the template of that name, title, and what the template shows as .Body.
func (q *request) render(name, title string, body any) error {
	return q.renderCode(http.StatusOK, name, title, body)
}

func (q *request) renderCode(code int, name, title string, body any) error {
	d := &document{Title: title, Theme: q.theme, Body: body, View: name, Version: q.site.Version, q: q}
	if q.actor.Name != "" {
		d.Nav, d.Menu = q.nav()
		d.Person, d.Proxy = q.actor.Name, q.actor.Kind == "proxy"
	}
	if s, ok := body.(scripted); ok {
		d.Scripts = s.Scripts()
	}
	var out bytes.Buffer
	if err := q.site.templates.execute(&limitedBuffer{to: &out}, name, "layout", d); err != nil {
		return err
	}
	return q.write(code, "text/html; charset=utf-8", out.Bytes())
}

// write answers with a document, compressed if the browser takes it.
func (q *request) write(code int, kind string, data []byte) error {
	h := q.w.Header()
	h.Set("Content-Type", kind)
	h.Add("Vary", "Accept-Encoding")
	if len(data) > 1024 && acceptsGzip(q.Request) {
		small, err := q.site.small.compress(data)
		if err != nil {
			return fmt.Errorf("compressing a page: %w", err)
		}
		h.Set("Content-Encoding", "gzip")
		data = small
	}
	h.Set("Content-Length", fmt.Sprint(len(data)))
	q.w.WriteHeader(code)
	if q.Method != http.MethodHead {
		_, _ = q.w.Write(data) // a browser that went away needs nothing
	}
	return nil
}

func acceptsGzip(r *http.Request) bool {
	return strings.Contains(r.Header.Get("Accept-Encoding"), "gzip")
}

// A limitedBuffer fails before a page becomes larger than a browser or this program likes.
type limitedBuffer struct{ to *bytes.Buffer }

func (b *limitedBuffer) Write(p []byte) (int, error) {
	if b.to.Len()+len(p) > maxDocument {
		return 0, fmt.Errorf("the page is larger than %d bytes", maxDocument)
	}
	return b.to.Write(p)
}

// May is for templates: whether the person has a right.
func (d *document) May(scope string) bool { return d.q.may(watch.Scope(scope)) }
