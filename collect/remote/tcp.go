package remote

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"slices"
	"strconv"
	"time"

	"virgo/collect"
	"virgo/collect/trust"
	"virgo/schedule"
)

const (
	maxBannerBytes = 512      // of the first line
	maxAnswerText  = 64 << 10 // of what comes after send_body
)

type tcpCheck struct{}

func tcpType() collect.Type {
	return collect.Type{
		Name:    "remote.tcp",
		Summary: "a TCP port: how long it takes to connect, what it says, its certificate",
		Details: slices.Concat([]collect.Detail{
			{Name: "port", Summary: "port to connect to", Required: true},
			{Name: "banner_match", Summary: "regular expression; the server speaks first, and this is looked for in its first line"},
			{Name: "send_body", Summary: "text to send"},
			{Name: "body_match", Summary: "regular expression, looked for in what comes after the banner"},
			{Name: "ssl", Summary: "true: speak TLS; default false"},
		}, trust.Details(), targetDetails(true)),
		Telling: []string{"tt_connect", "duration", "banner", "body_match", "cert_end_in"},
		Checker: tcpCheck{},
	}
}

// A call is what the details of a remote.tcp check ask for.
type call struct {
	host, port   string
	only         family
	secure       bool
	trust        *tls.Config // nil where it is not secure
	send         string
	banner, body []pattern
}

func readCall(check schedule.Check) (c call, err error) {
	d := check.Details
	if c.host, err = requiredTarget(check); err != nil {
		return c, err
	}
	if _, err = collect.RequiredText(d, "port"); err != nil {
		return c, err
	}
	n, err := port(d, "port", 0)
	if err != nil {
		return c, err
	}
	c.port = strconv.FormatInt(n, 10)
	if c.only, err = targetFamily(d); err != nil {
		return c, err
	}
	if c.secure, err = d.Bool("ssl", false); err != nil {
		return c, err
	}
	if c.secure {
		if c.trust, err = trust.Read(d, c.host); err != nil {
			return c, err
		}
	}
	if c.send, err = collect.OptionalText(d, "send_body"); err != nil {
		return c, err
	}
	if c.banner, err = textPattern(d, "banner_match", "banner_match"); err != nil {
		return c, err
	}
	c.body, err = textPattern(d, "body_match", "body_match")
	return c, err
}

// Check connects, listens for a banner, sends and listens again, each where the details say so.
func (tcpCheck) Check(ctx context.Context, req collect.Request) (collect.Report, error) {
	if err := ctx.Err(); err != nil {
		return collect.Report{}, err
	}
	c, err := readCall(req.Check)
	if err != nil {
		return collect.Report{}, err
	}
	var times timing
	now := req.Now()
	line, stop := until(ctx)
	defer stop()
	place := net.JoinHostPort(c.host, c.port)
	conn, err := line.open(func() (net.Conn, error) { return dial(times.trace(ctx), "tcp", c.only, c.host, c.port) })
	if err != nil {
		return collect.Report{}, failure(ctx, "connecting to "+place, err)
	}
	var f collect.Figures
	times.add(&f, "tt_connect", &times.connected)
	var shown certificate
	if c.secure {
		secured := tls.Client(conn, look(c.trust, now, func(seen certificate) error { shown = seen; return nil }))
		if err := secured.HandshakeContext(ctx); err != nil {
			return collect.Report{}, failure(ctx, "starting TLS with "+place, err)
		}
		defer secured.Close() // says goodbye, which servers log the lack of
		conn = secured
	}
	if err := c.talk(ctx, &f, &times, conn); err != nil {
		return collect.Report{}, failure(ctx, "talking to "+place, err)
	}
	times.add(&f, "tt_firstbyte", &times.read)
	milliseconds(&f, "duration", time.Since(times.start))
	if shown.leaf != nil {
		shown.add(&f, now)
	}
	return collect.Report{Metrics: f.Metrics}, nil
}

// talk listens, sends and listens, and reports what was heard.
func (c call) talk(ctx context.Context, f *collect.Figures, times *timing, conn net.Conn) error {
	ear := listener{conn: conn, first: func() { times.note(&times.read) }}
	if c.banner != nil {
		line, err := ear.line(ctx, maxBannerBytes)
		if err != nil {
			return fmt.Errorf("waiting for the banner: %w", err)
		}
		f.Text("banner", cut(string(line), maxBannerBytes))
		if err := addMatches(ctx, f, c.banner, line); err != nil {
			return err
		}
	}
	if c.send != "" {
		if _, err := conn.Write([]byte(c.send)); err != nil {
			return fmt.Errorf("sending: %w", err)
		}
	}
	if c.body == nil {
		return nil
	}
	heard, err := ear.until(ctx, maxAnswerText, func(heard []byte) bool {
		_, found := c.body[0].find(ctx, heard)
		return found
	})
	if err != nil {
		return fmt.Errorf("waiting for an answer: %w", err)
	}
	return addMatches(ctx, f, c.body, heard)
}
