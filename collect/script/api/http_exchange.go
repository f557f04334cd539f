package api

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"

	lua "github.com/yuin/gopher-lua"

	"virgo/collect/script"
	"virgo/schedule/policy"
)

// answer is what was read of an answer.
type answer struct {
	response *http.Response
	body     []byte
}

// exchange sends a request, follows redirects and pushes the answer.
func exchange(c *script.Call, l *lua.LState, r *request, o options) int {
	timeout := o.seconds("timeout", networkTimeout, c.Limits.Time)
	redirects := o.count("redirects", maxRedirects, maxRedirects)
	// The time is that of all requests together.
	ctx, cancel := context.WithTimeout(c.Ctx, timeout)
	defer cancel()
	for hop := 0; ; hop++ {
		a, err := send(ctx, c, l, r, o)
		switch {
		case err != nil && hop > 0: // the script did not name this host
			return c.Fail(l, fmt.Errorf("redirected to %s: %w", r.place(), explained(err)))
		case err != nil:
			return failNetwork(c, l, r.place(), err)
		}
		next, ok, err := r.redirected(a.response.StatusCode, a.response.Header.Get("Location"))
		switch {
		case err != nil && redirects > 0:
			return c.Fail(l, fmt.Errorf("%s: %w", r.place(), err))
		case !ok || redirects == 0:
			return pushAnswer(c, l, a)
		case hop == redirects:
			return c.Fail(l, fmt.Errorf("%s: more than %d redirects", r.place(), redirects))
		}
		r = next
	}
}

func explained(err error) error {
	if policy.IsRefusal(err) {
		return refusal(err)
	}
	return plainCause(err)
}

// send asks the guard, sends one request and reads the answer to its end.
func send(ctx context.Context, c *script.Call, l *lua.LState, r *request, o options) (*answer, error) {
	via := script.Connection{Network: "tcp", Host: r.url.Hostname(), Port: r.url.Port()}
	var err error
	if r.socket != "" {
		via = script.Connection{Network: "unix", Path: r.socket}
		err = c.Guard.Unix(r.socket)
		via.Control = c.Guard.Control("unix", "")
	} else {
		err = c.Guard.URL(r.url)
		via.Control = c.Guard.Control("tcp", via.Host)
	}
	if err != nil {
		return nil, err
	}
	if via.Port == "" {
		via.Port = map[string]string{"http": "80", "https": "443"}[r.url.Scheme]
	}
	if r.url.Scheme == "https" {
		via.TLS = tlsOptions(o, via.Host)
		if r.moved { // what the script says of the first host is not for another
			via.TLS.ServerName, via.TLS.Certificates = via.Host, nil
		}
	}
	c.Connect(l)
	a := &answer{}
	err = c.Blocking(func(context.Context) error {
		out, err := r.build(ctx)
		if err != nil {
			return err
		}
		if a.response, err = webOf(c).RoundTrip(out, via); err != nil {
			return err
		}
		defer a.response.Body.Close()
		most := min(c.Limits.BodyBytes, c.Limits.StringBytes)
		a.body, err = io.ReadAll(io.LimitReader(a.response.Body, int64(most)+1))
		if err == nil && len(a.body) > most {
			err = fmt.Errorf("the answer has more than %d bytes", most)
		}
		return err
	})
	return a, err
}

func pushAnswer(c *script.Call, l *lua.LState, a *answer) int {
	work(c, l, len(a.body))
	headers := l.CreateTable(0, len(a.response.Header))
	for name, values := range a.response.Header {
		headers.RawSetString(strings.ToLower(name), lua.LString(strings.Join(values, ", ")))
	}
	t := l.CreateTable(0, 4)
	t.RawSetString("status", lua.LNumber(a.response.StatusCode))
	t.RawSetString("headers", headers)
	t.RawSetString("body", lua.LString(a.body))
	if a.response.TLS != nil && len(a.response.TLS.PeerCertificates) > 0 {
		t.RawSetString("tls", certificateTable(l, a.response.TLS.PeerCertificates[0]))
	}
	l.Push(t)
	return 1
}
