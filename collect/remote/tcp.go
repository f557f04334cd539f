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
	"virgo/schedule/detail"
	"virgo/schedule/policy"
)

const (
	maxBannerBytes    = 512      // of the first line
	maxBodyMatchBytes = 64 << 10 // of what follows the banner
)

type tcpCheck struct{}

func tcpType() collect.Type {
	return collect.Type{
		Name:    "remote.tcp",
		Summary: "a TCP port: time to connect, banner and response, certificate",
		Details: slices.Concat([]collect.Detail{
			{Name: "port", Role: schedule.Port, Kind: detail.Port, Summary: "port to connect to", Required: true},
			{Name: "banner_match", Role: schedule.Regexp, Kind: detail.Regexp,
				Summary: "regular expression for the first line, which is read before send_body is sent"},
			{Name: "send_body", Role: schedule.Other, Summary: "text to send"},
			{Name: "body_match", Role: schedule.Match, Kind: detail.Regexp, Summary: "regular expression for the response after the banner"},
			{Name: "ssl", Role: schedule.Switch, Kind: detail.Boolean, Default: "false", Summary: "true: use TLS"},
		}, trust.Details("target"), targetDetails(true, "")),
		KeyMetrics: []string{"tt_connect", "duration", "banner", "body_match", "cert_end_in"},
		Checker:    tcpCheck{},
	}
}

// A tcpRequest is what the details of a remote.tcp check describe.
type tcpRequest struct {
	host, port   string
	only         family
	secure       bool
	trust        *tls.Config // nil: no TLS
	send         string
	banner, body []pattern
}

// readTCPRequest reads the details.
func readTCPRequest(check schedule.Check, g *policy.Guard) (c tcpRequest, err error) {
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
	if err = collect.ValidateDetails(trust.Details("target"), d); err != nil {
		return c, err
	}
	if c.secure {
		if c.trust, err = trust.Read(d, c.host, g); err != nil {
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

// Check connects and, where the details say so, reads a banner, sends a text and reads the
// response.
func (tcpCheck) Check(ctx context.Context, req collect.Request) (collect.Report, error) {
	if err := ctx.Err(); err != nil {
		return collect.Report{}, err
	}
	c, err := readTCPRequest(req.Check, req.Guard)
	if err != nil {
		return collect.Report{}, err
	}
	var times timing
	now := req.Now()
	single, stop := newSingleConn(ctx)
	defer stop()
	address := net.JoinHostPort(c.host, c.port)
	conn, err := single.open(func() (net.Conn, error) {
		return dial(times.trace(ctx), req.Guard, "tcp", c.only, c.host, c.port)
	})
	if err != nil {
		return collect.Report{}, describeError(ctx, "connecting to "+address, err)
	}
	var f collect.MetricBuilder
	times.add(&f, "tt_connect", &times.connected)
	var cert certificate
	if c.secure {
		secured := tls.Client(conn, reportingTLS(c.trust, now, func(seen certificate) error {
			cert = seen
			return nil
		}))
		if err := secured.HandshakeContext(ctx); err != nil {
			return collect.Report{}, describeError(ctx, "starting TLS with "+address, err)
		}
		defer secured.Close() // sends close_notify, whose lack servers log
		conn = secured
	}
	if err := c.converse(ctx, &f, &times, conn); err != nil {
		return collect.Report{}, describeError(ctx, "talking to "+address, err)
	}
	times.add(&f, "tt_firstbyte", &times.read)
	addMilliseconds(&f, "duration", time.Since(times.start))
	if cert.leaf != nil {
		cert.add(&f, now)
	}
	return collect.Report{Metrics: f.Metrics}, nil
}

// converse reads the banner, sends the text, reads the response, and adds their metrics.
func (c tcpRequest) converse(
	ctx context.Context, f *collect.MetricBuilder, times *timing, conn net.Conn,
) error {
	talk := conversation{conn: conn, first: func() { times.record(&times.read) }}
	if c.banner != nil {
		line, err := talk.line(ctx, maxBannerBytes)
		if err != nil {
			return fmt.Errorf("waiting for the banner: %w", err)
		}
		f.Text("banner", sanitize(string(line), maxBannerBytes))
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
	received, err := talk.readUntil(ctx, maxBodyMatchBytes, func(received []byte) bool {
		_, found := c.body[0].find(ctx, received)
		return found
	})
	if err != nil {
		return fmt.Errorf("waiting for a response: %w", err)
	}
	return addMatches(ctx, f, c.body, received)
}
