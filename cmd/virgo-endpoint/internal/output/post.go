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
	"strconv"
	"strings"
	"time"
)

const (
	// maxAnswerBytes of an answer are read.
	maxAnswerBytes = 4 << 10
	userAgent      = "virgo-endpoint"
)

// maxRetryAfter bounds for how long a receiver may ask to be left alone.
const maxRetryAfter = time.Hour

// A Poster posts bodies to one URL, for one output. It follows no redirect.
type Poster struct {
	url, host string
	headers   http.Header
	authorize func(*http.Request)
	client    *http.Client
	now       func() time.Time
	// until is when a receiver that answered with busy wants to be asked again.
	until time.Time
	busy  error
}

// NewPoster returns a poster to a URL with headers. scheme is that of a token: "Bearer", or "Token".
func NewPoster(to string, c Config, scheme string, headers map[string]string) (*Poster, error) {
	u, err := url.Parse(to)
	if err != nil {
		return nil, errors.New("the URL is invalid")
	}
	p := &Poster{url: u.String(), host: u.Host, headers: make(http.Header), authorize: func(*http.Request) {}, now: time.Now}
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

// An Answer is what a receiver answered; the zero value: nothing.
type Answer struct {
	Status int
	Header http.Header
	// Body is its beginning.
	Body []byte
}

// Post posts a body. An answer that says that this very body will never be taken is *Refused.
func (p *Poster) Post(ctx context.Context, body []byte) error {
	_, err := p.Exchange(ctx, body, nil)
	return err
}

// Exchange is Post with more headers that returns the answer, with an error too. After an answer with Retry-After nothing is
// posted until then: it returns the same error, and no answer.
func (p *Poster) Exchange(ctx context.Context, body []byte, headers map[string]string) (Answer, error) {
	if p.busy != nil && p.now().Before(p.until) {
		return Answer{}, p.busy
	}
	p.busy = nil
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, p.url, bytes.NewReader(body))
	if err != nil {
		return Answer{}, errors.New("the URL is invalid")
	}
	req.Header = p.headers.Clone()
	for name, value := range headers {
		req.Header.Set(name, value)
	}
	p.authorize(req)
	answer, err := p.client.Do(req)
	if err != nil {
		var quoting *url.Error
		if errors.As(err, &quoting) && quoting.Err != nil { // it quotes the URL
			err = quoting.Err
		}
		return Answer{}, fmt.Errorf("posting to %s: %w", p.host, err)
	}
	defer answer.Body.Close()
	said, _ := io.ReadAll(io.LimitReader(answer.Body, maxAnswerBytes))
	got := Answer{answer.StatusCode, answer.Header, said}
	if answer.StatusCode/100 == 2 {
		return got, nil
	}
	err = fmt.Errorf("posting to %s: status %d%s", p.host, answer.StatusCode, advice(string(said)))
	switch answer.StatusCode {
	case http.StatusBadRequest, http.StatusRequestEntityTooLarge, http.StatusUnprocessableEntity:
		return got, &Refused{err}
	case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		if wait := retryAfter(answer.Header.Get("Retry-After"), p.now()); wait > 0 {
			p.until, p.busy = p.now().Add(wait), err
		}
	}
	return got, err
}

// retryAfter reads a Retry-After: seconds or a date.
func retryAfter(header string, now time.Time) time.Duration {
	if n, err := strconv.ParseUint(header, 10, 31); err == nil {
		return min(time.Duration(n)*time.Second, maxRetryAfter)
	}
	at, err := http.ParseTime(header)
	if err != nil {
		return 0
	}
	return min(at.Sub(now), maxRetryAfter)
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
