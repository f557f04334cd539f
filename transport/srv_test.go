package transport_test

import (
	"context"
	"errors"
	"net"
	"slices"
	"strconv"
	"strings"
	"testing"

	"virgo/transport"
	"virgo/transport/transporttest"
)

const srvName = "_monitoringagent._tcp.example.com"

func TestSRVTargetsAreTriedInOrder(t *testing.T) {
	e := listen(t, transporttest.Script{})
	host, text, _ := net.SplitHostPort(e.Address())
	port, _ := strconv.Atoi(text)
	_, gone, _ := net.SplitHostPort(freePort(t))
	dead, _ := strconv.Atoi(gone)
	asked := ""
	d := transport.Dialer{
		Endpoints: []string{srvName},
		TLS:       transport.TLSConfig{Pins: []string{e.Pin()}},
		LookupSRV: func(_ context.Context, name string) ([]*net.SRV, error) {
			asked = name
			return []*net.SRV{{Target: ".", Port: 1}, {Target: host, Port: uint16(dead)}, {Target: host + ".", Port: uint16(port)}}, nil
		},
	}
	conn, endpoint, err := d.Dial(t.Context())
	if err != nil || asked != srvName || endpoint != srvName+" ("+e.Address()+")" {
		t.Fatal(asked, endpoint, err)
	}
	conn.Close()
}

func TestSRVFailures(t *testing.T) {
	for want, lookup := range map[string]func() ([]*net.SRV, error){
		"no such host":                 func() ([]*net.SRV, error) { return nil, &net.DNSError{Err: "no such host", Name: srvName} },
		"has no target":                func() ([]*net.SRV, error) { return []*net.SRV{{Target: "a.example.com.", Port: 0}}, nil },
		"the SRV record has no target": func() ([]*net.SRV, error) { return []*net.SRV{{Target: ".", Port: 0}}, nil },
	} {
		d := transport.Dialer{
			Endpoints: []string{srvName},
			LookupSRV: func(context.Context, string) ([]*net.SRV, error) { return lookup() },
		}
		if _, _, err := d.Dial(t.Context()); !errors.Is(err, transport.ErrUnreachable) || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}

// A forged record must not lead to a host whose certificate the forger can get.
func TestSRVIsNotTrusted(t *testing.T) {
	for _, c := range []struct {
		target string
		tls    transport.TLSConfig
		want   string
	}{
		{"a.example.com.", transport.TLSConfig{}, "a.example.com"},
		{"EXAMPLE.com", transport.TLSConfig{}, "EXAMPLE.com"},
		{"evil.net.", transport.TLSConfig{}, "example.com"},
		{"notexample.com.", transport.TLSConfig{}, "example.com"},
		{"a.internal.", transport.TLSConfig{Pins: []string{strings.Repeat("00", 32)}}, "a.internal"},
		{"evil.net.", transport.TLSConfig{ServerName: "chosen.example"}, "chosen.example"},
	} {
		asked := make(chan string, 100)
		d := transport.Dialer{
			Endpoints: []string{srvName},
			TLS:       c.tls,
			LookupSRV: func(context.Context, string) ([]*net.SRV, error) {
				return slices.Repeat([]*net.SRV{{Target: c.target, Port: 1}}, 100), nil
			},
			DialContext: func(context.Context, string, string) (net.Conn, error) {
				client, server := transporttest.Link(0, 0)
				go func() {
					asked <- sniff(server)
					server.Close()
				}()
				return client, nil
			},
		}
		_, _, err := d.Dial(t.Context())
		var failed *transport.DialError
		if !errors.As(err, &failed) || len(failed.Attempts) != 16 {
			t.Fatalf("%s: %v", c.target, err)
		}
		for range failed.Attempts {
			if name := <-asked; !strings.EqualFold(name, c.want) {
				t.Errorf("%s: asked for %q, want %q", c.target, name, c.want)
			}
		}
	}
}
