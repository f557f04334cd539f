package trial

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"syscall"

	"virgo/collect/script"
)

type webAnswer struct {
	status int
	header http.Header
	body   string
}

type web struct{ *Captured }

// RoundTrip answers by method and URL; a URL over a Unix socket is http://unix:/SOCKET:/PATH.
func (w web) RoundTrip(r *http.Request, via script.Connection) (*http.Response, error) {
	if r.Body != nil {
		r.Body.Close()
	}
	address := r.URL.String()
	if via.Network == "unix" {
		address = "http://unix:" + via.Path + ":" + r.URL.RequestURI()
	}
	key := address
	if r.Method != http.MethodGet {
		key = r.Method + " " + address
	}
	answer, ok := w.web[key]
	if !ok {
		return nil, w.missing(fmt.Sprintf("answer of http %q", key))
	}
	if answer == nil {
		return nil, fmt.Errorf("%s: %w", address, syscall.ECONNREFUSED)
	}
	return &http.Response{
		Status: fmt.Sprintf("%d %s", answer.status, http.StatusText(answer.status)), StatusCode: answer.status,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: answer.header.Clone(), Request: r,
		Body: io.NopCloser(strings.NewReader(answer.body)), ContentLength: int64(len(answer.body)),
	}, nil
}
