package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"syscall"

	"virgo/cmd/virgo-endpoint/internal/admin"
	"virgo/cmd/virgo-endpoint/internal/alarm"
	"virgo/cmd/virgo-endpoint/internal/api"
	"virgo/cmd/virgo-endpoint/internal/folder"
	"virgo/cmd/virgo-endpoint/internal/login"
	"virgo/cmd/virgo-endpoint/internal/watch"
	"virgo/cmd/virgo-endpoint/internal/web"
	"virgo/transport"
)

// A webListener is the listener of the page.
type webListener struct {
	listener net.Listener
	secure   bool
	// public is --web-url without a slash at its end; empty without it.
	public string
	login  *login.Login
	acme   *web.ACME
	// challenges is the listener of --web-acme-http.
	challenges net.Listener
}

// listenWeb listens for the page; nil without --web.
func (c *serveCmd) listenWeb(a *app, w *watcher, cert *folder.Certificate, log *slog.Logger) (*webListener, error) {
	if c.Web == "" {
		return nil, nil
	}
	l := &webListener{public: strings.TrimSuffix(c.WebURL, "/")}
	proxy, err := c.proxy()
	if err != nil {
		return nil, &failure{code: exitUsage, err: err}
	}
	var proxies []netip.Prefix
	if proxy != nil {
		proxies = proxy.From
	}
	own, err := c.webCertificate(a, l, log)
	if err != nil {
		return nil, err
	}
	if own == nil {
		l.listener, l.secure, err = api.Listen(a.ctx, c.Web, cert.TLSConfig(), proxies...)
	} else {
		l.secure = true
		l.listener, err = api.ListenTLS(a.ctx, c.Web, own, proxies...)
	}
	if err != nil {
		return nil, a.webListenError("--web", c.Web, err)
	}
	if c.WebACMEHTTP != "" {
		var lc net.ListenConfig
		if l.challenges, err = lc.Listen(a.ctx, "tcp", c.WebACMEHTTP); err != nil {
			l.listener.Close()
			return nil, a.webListenError("--web-acme-http", c.WebACMEHTTP, err)
		}
	}
	l.login = login.New(login.Options{People: w.control.People(), Audit: w.control.Audit(), Proxy: proxy, Host: hostOf(l.public),
		Secure: l.secure || strings.HasPrefix(l.public, "https:"), Now: a.now})
	return l, nil
}

// hostOf is the name in an address; empty without one.
func hostOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return u.Hostname()
}

// webCertificate is the page's own certificate; nil for the endpoint's.
func (c *serveCmd) webCertificate(a *app, l *webListener, log *slog.Logger) (*tls.Config, error) {
	switch {
	case c.WebCert != "":
		own, err := web.LoadCertificate(c.WebCert, c.WebKey, log, a.now)
		if err != nil {
			return nil, a.explain(err)
		}
		return own.TLS(), nil
	case c.WebACME != nil:
		dir, err := a.folder()
		if err != nil {
			return nil, err
		}
		l.acme = web.NewACME(c.WebACME, dir.ACMEDir(), c.WebACMEDirectory, log, a.now)
		if c.WebACMEHTTP == "" {
			log.Info("the authority for the page's certificate must reach it on port 443", "names", c.WebACME, "hint", "or answer it on port 80: --web-acme-http :80")
		}
		return l.acme.TLS(), nil
	}
	return nil, nil
}

func (a *app) webListenError(flag, address string, err error) error {
	err = fmt.Errorf("listening on %q for the page: %w", address, err)
	if errors.Is(err, syscall.EADDRINUSE) {
		return &failure{exitUnexpected, err, "something listens there already; give another " + flag}
	}
	return a.explain(err)
}

// url is the address of the page; empty without one.
func (l *webListener) url() string {
	switch {
	case l == nil:
		return ""
	case l.public != "":
		return l.public
	case l.secure:
		return "https://" + l.listener.Addr().String()
	}
	return "http://" + l.listener.Addr().String()
}

// passwords is what hashes passwords: the page's own login, so that one hash is computed at a time.
func (l *webListener) passwords(w *watcher) *login.Login {
	if l == nil {
		return login.New(login.Options{People: w.control.People(), Audit: w.control.Audit()})
	}
	return l.login
}

// first is the link with which the first person sets a password; empty if there are people.
func (l *webListener) first(ctx context.Context) (string, error) {
	if l == nil {
		return "", nil
	}
	code, err := l.login.FirstCode(ctx)
	if err != nil || code == "" {
		return "", err
	}
	return l.url() + "/code/" + code, nil
}

// setup returns what the page says to whoever adds a host.
func (a *app) setup(dir folder.Dir, cert *folder.Certificate, agents net.Addr) func() web.Setup {
	return func() web.Setup {
		at, _ := agents.(*net.TCPAddr)
		s := web.Setup{Pin: transport.PinOf(cert.Leaf()).String()}
		if at != nil {
			s.OnlyHere, s.Listen = at.IP.IsLoopback(), "serve --listen :"+strconv.Itoa(at.Port)
			if s.OnlyHere {
				s.Endpoint = at.String()
				return s
			}
		}
		address, err := folder.Address(dir)
		if err != nil || address == "" {
			port := defaultPort
			if at != nil {
				port = at.Port
			}
			address = net.JoinHostPort(cert.Host(), strconv.Itoa(port))
		}
		s.Endpoint = address
		return s
	}
}

// serve shows pages until the returned function is called. An error of accepting goes to failed.
func (l *webListener) serve(opt api.Options, w *watcher, setup func() web.Setup, failed chan<- error) (stop func(), err error) {
	opt.Login = l.login
	if l.acme != nil {
		warnings := opt.Warnings
		opt.Warnings = func() []string { return append(warnings(), l.acme.Problems()...) }
	}
	site, err := web.New(web.Options{Login: l.login, Hosts: w.live, Alarms: w.pageAlarms(), Charts: opt.Charts, Setup: setup, PublicTags: publicTags(opt.Admin), API: api.New(opt),
		Log: opt.Log, Now: opt.Now, Version: opt.Version})
	if err != nil {
		return nil, err
	}
	servers := []*api.Server{api.NewSite(site, l.listener, opt.Log)}
	if l.challenges != nil {
		servers = append(servers, api.NewSite(l.acme.Challenges(), l.challenges, opt.Log))
	}
	ended := make(chan struct{}, len(servers))
	for _, srv := range servers {
		go func() {
			if err := srv.Serve(); err != nil {
				failed <- err
			}
			ended <- struct{}{}
		}()
	}
	return func() {
		site.Stop()
		ctx, cancel := context.WithTimeout(context.Background(), apiShutdownTime)
		defer cancel()
		for _, srv := range servers {
			srv.Shutdown(ctx)
		}
		for range servers {
			<-ended
		}
	}, nil
}

// publicTags returns which tags are public.
func publicTags(ad *admin.Admin) func(context.Context) ([]string, error) {
	return func(ctx context.Context) ([]string, error) {
		p, err := ad.Page(ctx)
		return p.PublicTags, err
	}
}

// pageAlarms are the alarms that pages show; nil with --no-alarms.
func (w *watcher) pageAlarms() web.Alarms {
	if w.alarms == nil {
		return nil
	}
	return shownAlarms{w.alarms.engine, w.control.Alarms()}
}

// shownAlarms are the engine's states, and the stored changes.
type shownAlarms struct {
	engine *alarm.Engine
	watch.Alarms
}

// Standing implements web.Alarms.
func (p shownAlarms) Standing() []watch.Standing { return p.engine.States(alarm.StateFilter{}) }
