package output

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
)

const (
	// maxAnswerBytes of an answer are read.
	maxAnswerBytes = 4 << 10
	userAgent      = "virgo-endpoint"
)

// A Poster posts bodies to one URL. It follows no redirect.
type Poster struct {
	url, host string
	headers   http.Header
	authorize func(*http.Request)
	client    *http.Client
}

// NewPoster returns a poster to a URL with headers. scheme is that of a token: "Bearer", or "Token".
func NewPoster(to string, c Config, scheme string, headers map[string]string) (*Poster, error) {
	u, err := url.Parse(to)
	if err != nil {
		return nil, errors.New("the URL is invalid")
	}
	p := &Poster{url: u.String(), host: u.Host, headers: make(http.Header), authorize: func(*http.Request) {}}
	for name, value := range headers {
		p.headers.Set(name, value)
	}
	p.headers.Set("User-Agent", userAgent)
	switch {
	case c.User != "":
		p.authorize = func(r *http.Request) { r.SetBasicAuth(c.User, c.Password()) }
	case c.Token != nil:
		p.authorize = func(r *http.Request) { r.Header.Set("Authorization", scheme+" "+c.Token()) }
	}
	p.client = &http.Client{
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{Proxy: http.ProxyFromEnvironment, DialContext: (&net.Dialer{Timeout: 10 * time.Second}).DialContext,
			MaxIdleConnsPerHost: 1, IdleConnTimeout: time.Minute, MaxResponseHeaderBytes: 64 << 10},
	}
	return p, nil
}

// Post posts a body. An answer that says that this very body will never be taken is *Refused.
func (p *Poster) Post(ctx context.Context, body []byte) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, p.url, bytes.NewReader(body))
	if err != nil {
		return errors.New("the URL is invalid")
	}
	req.Header = p.headers.Clone()
	p.authorize(req)
	answer, err := p.client.Do(req)
	if err != nil {
		var quoting *url.Error
		if errors.As(err, &quoting) && quoting.Err != nil { // it quotes the URL
			err = quoting.Err
		}
		return fmt.Errorf("posting to %s: %w", p.host, err)
	}
	defer answer.Body.Close()
	said, _ := io.ReadAll(io.LimitReader(answer.Body, maxAnswerBytes))
	if answer.StatusCode/100 == 2 {
		return nil
	}
	err = fmt.Errorf("posting to %s: status %d%s", p.host, answer.StatusCode, advice(string(said)))
	switch answer.StatusCode {
	case http.StatusBadRequest, http.StatusRequestEntityTooLarge, http.StatusUnprocessableEntity:
		return &Refused{err}
	}
	return err
}

// advice is the next step for an answer that is known.
func advice(said string) string {
	switch said = strings.ToLower(said); {
	case strings.Contains(said, "out of order"), strings.Contains(said, "out of bounds"), strings.Contains(said, "too old"):
		return ": it takes no samples that come late; Prometheus has out_of_order_time_window for that"
	case strings.Contains(said, "field type conflict"):
		return ": a field has another type there"
	}
	return ""
}
