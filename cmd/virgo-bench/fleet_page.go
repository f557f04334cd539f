package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os/exec"
	"regexp"
	"strings"
	"time"

	"virgo/cmd/virgo-bench/internal/fleet"
)

// The budgets of an endpoint with a page.
const (
	pageMiB     = 20
	pageFirstMS = 100
	pageBytes   = 100_000
)

// What is seen: a few hosts, each of which sends once a minute, with a day behind them.
const (
	pageHosts   = 10
	pageHistory = 24 * 60 // runs
	pageWatched = time.Minute
	// pageSettled is how long after a login its memory may be in use: hashing a password takes 19 MiB for a moment.
	pageSettled = 10 * time.Second
	pageUser    = "viewer"
	pageSecret  = "a long password of the benchmark"
)

// page measures the endpoint of a few hosts with the page that one person watches, and without it.
func (f *fleetBench) page(r *report) error {
	s, err := f.newSite("page", pageHosts)
	if err != nil {
		return err
	}
	err = s.serving(func() error {
		err := s.complete(s.hosts.Backlogs(f.ctx, 1, 0, pageHosts, fleet.Past{Runs: pageHistory, Every: time.Minute}))
		s.watched(nil) // what the backlog makes to do is done meanwhile: columns, alarms that would have been
		return err
	})
	if err != nil {
		return err
	}
	add := exec.CommandContext(f.ctx, f.endpoint, "user", "add", pageUser, "--dir", s.dir, "--password-file", "-")
	add.Env, add.Stdin = f.env, strings.NewReader(pageSecret+"\n")
	if out, err := add.CombinedOutput(); err != nil {
		return fmt.Errorf("virgo-endpoint user add: %w: %s", err, out)
	}
	r.section(fmt.Sprintf("%d hosts with a day of results, which send once a minute", pageHosts))
	var without sample
	if err := s.serving(func() error { without = s.watched(nil); return f.ctx.Err() }); err != nil {
		return err
	}
	address, err := freeAddress()
	if err != nil {
		return err
	}
	v, err := newViewer("http://" + address)
	if err != nil {
		return err
	}
	var with sample
	err = s.serving(func() error {
		if err := v.logIn(f.ctx); err != nil {
			return err
		}
		with = s.watched(v)
		return f.ctx.Err()
	}, "--web", address)
	if err != nil {
		return err
	}
	if v.err != nil {
		return v.err
	}
	if with.Resident > 0 {
		r.atMost("resident with the page, one person watches", float64(with.Resident)/(1<<20), "MiB", pageMiB)
		r.add("of it memory that no file backs", anonMiB(with), "MiB")
		r.add("resident without the page", float64(without.Resident)/(1<<20), "MiB")
		r.add("of it memory that no file backs", anonMiB(without), "MiB")
	} else {
		_, err := usageOf(0)
		r.notMeasured("resident memory", err)
	}
	r.atMost("list of hosts, from the request to its end", ms(v.first), "ms", pageFirstMS)
	r.atMost(fmt.Sprintf("the same with all that it loads (%d requests)", v.requests), float64(v.bytes), "bytes", pageBytes)
	r.atLeast("changes that came to the browser, at most one a second", float64(v.events), "", pageHosts/2)
	return nil
}

// watched lets the hosts send for a while, and returns what the endpoint uses then.
func (s *site) watched(v *viewer) sample {
	ctx, cancel := context.WithTimeout(s.f.ctx, pageWatched+pageSettled)
	defer cancel()
	watching := make(chan struct{})
	go func() {
		defer close(watching)
		if v != nil {
			v.watch(ctx)
		}
	}()
	s.hosts.Offered(ctx, pageHosts/time.Minute.Seconds(), pageWatched)
	u := s.usage()
	cancel()
	<-watching
	return u
}

// freeAddress is one of loopback that nobody listens at.
func freeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	return l.Addr().String(), nil
}

// A viewer is a browser that shows the list of hosts.
type viewer struct {
	http   http.Client
	site   string
	first  time.Duration // until the list of hosts was there
	events int
	err    error // of what it watched

	requests, bytes int // to show the list, compressed
}

func newViewer(site string) (*viewer, error) {
	jar, err := cookiejar.New(nil)
	v := &viewer{site: site}
	v.http.Jar = jar
	// As a browser asks, with the compressed bytes counted.
	v.http.Transport = &http.Transport{DisableCompression: true}
	return v, err
}

// logIn logs in, and loads the list of hosts with what it needs.
func (v *viewer) logIn(ctx context.Context) error {
	form := url.Values{"name": {pageUser}, "password": {pageSecret}, "next": {"/"}}.Encode()
	if _, err := v.do(ctx, http.MethodPost, "/login", form); err != nil {
		return err
	}
	v.requests, v.bytes = 0, 0
	began := time.Now()
	if _, err := v.do(ctx, http.MethodGet, "/", ""); err != nil {
		return err
	}
	v.first = time.Since(began)
	// The links are in compressed text: it is asked for once more, uncounted, as it is.
	counted, bytes := v.requests, v.bytes
	v.http.Transport = &http.Transport{}
	text, err := v.do(ctx, http.MethodGet, "/", "")
	v.http.Transport = &http.Transport{DisableCompression: true}
	v.requests, v.bytes = counted, bytes
	if err != nil {
		return err
	}
	if !strings.Contains(text, "</table>") {
		return fmt.Errorf("the page at %s shows no table of hosts", v.site)
	}
	for _, asset := range regexp.MustCompile(`(?:href|src)="(/a/[^"]+)"`).FindAllStringSubmatch(text, -1) {
		if _, err := v.do(ctx, http.MethodGet, asset[1], ""); err != nil {
			return err
		}
	}
	return nil
}

// do makes a request, and returns the body as it came.
func (v *viewer) do(ctx context.Context, method, path, form string) (string, error) {
	req, err := v.request(ctx, method, path, form)
	if err != nil {
		return "", err
	}
	resp, err := v.http.Do(req)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s %s: %s", method, path, resp.Status)
	}
	v.requests++
	v.bytes += len(body)
	return string(body), err
}

func (v *viewer) request(ctx context.Context, method, path, form string) (*http.Request, error) {
	req, err := http.NewRequestWithContext(ctx, method, v.site+path, strings.NewReader(form))
	if err != nil {
		return nil, err
	}
	if form != "" {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		req.Header.Set("Origin", v.site)
	}
	if t, _ := v.http.Transport.(*http.Transport); t.DisableCompression {
		req.Header.Set("Accept-Encoding", "gzip")
	}
	return req, nil
}

// watch counts the changes that the endpoint sends, until ctx is done.
func (v *viewer) watch(ctx context.Context) {
	req, err := v.request(ctx, http.MethodGet, "/events?view=hosts", "")
	if err != nil {
		v.err = err
		return
	}
	req.Header.Set("Accept", "text/event-stream")
	resp, err := v.http.Do(req)
	if err != nil {
		v.err = err
		return
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		v.err = fmt.Errorf("events: %s", resp.Status)
		return
	}
	for lines := bufio.NewScanner(resp.Body); lines.Scan(); {
		if strings.HasPrefix(lines.Text(), "event: rows") || strings.HasPrefix(lines.Text(), "event:rows") {
			v.events++
		}
	}
}
