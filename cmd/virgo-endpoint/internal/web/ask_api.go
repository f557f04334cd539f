package web

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
)

// An answerBuffer keeps an answer of the API.
type answerBuffer struct {
	header http.Header
	code   int
	body   limitedBuffer
}

func (b *answerBuffer) Header() http.Header { return b.header }
func (b *answerBuffer) WriteHeader(code int) {
	if b.code == 0 {
		b.code = code
	}
}

func (b *answerBuffer) Write(p []byte) (int, error) {
	b.WriteHeader(http.StatusOK)
	return b.body.Write(p)
}

// ask has the API answer a path as it would answer this browser: a page shows nothing that its person may not read there.
func (q *request) ask(path string) (*answerBuffer, []byte, error) {
	if q.site.API == nil {
		return nil, nil, notFound("This endpoint has no API.")
	}
	r := q.Clone(q.Context())
	at, err := url.Parse(path)
	if err != nil {
		return nil, nil, fmt.Errorf("asking the API for %q: %w", path, err)
	}
	r.Method, r.URL, r.RequestURI, r.Body, r.ContentLength = http.MethodGet, at, path, http.NoBody, 0
	for _, name := range []string{"Accept-Encoding", "If-Match", "If-None-Match"} {
		r.Header.Del(name)
	}
	var out bytes.Buffer
	b := &answerBuffer{header: http.Header{}, body: limitedBuffer{to: &out}}
	q.site.API.ServeHTTP(b, r)
	switch {
	case b.code == http.StatusNotFound:
		return nil, nil, notFound("It does not exist, or not any more.")
	case b.code == http.StatusForbidden:
		return nil, nil, &answer{code: http.StatusForbidden, title: "Not allowed", text: "Your account may not do this."}
	case b.code != http.StatusOK:
		return nil, nil, fmt.Errorf("the API answers %d to %q: %.200s", b.code, path, out.Bytes())
	}
	return b, out.Bytes(), nil
}

// read reads a document of the API.
func (q *request) read(path string, into any) error {
	_, data, err := q.ask(path)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(data, into); err != nil {
		return fmt.Errorf("reading what the API answers to %q: %w", path, err)
	}
	return nil
}
