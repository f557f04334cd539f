package api

import (
	"errors"
	"net"
	"net/netip"
	"testing"
)

// An acceptor is a listener to which connections come from addresses.
type acceptor struct {
	net.Listener
	from   []string
	closed map[string]int
}

var errNoMore = errors.New("no more")

func (a *acceptor) Accept() (net.Conn, error) {
	if len(a.from) == 0 {
		return nil, errNoMore
	}
	c := &fromConn{a: a, from: a.from[0]}
	a.from = a.from[1:]
	return c, nil
}

type fromConn struct {
	net.Conn
	a    *acceptor
	from string
}

func (c *fromConn) RemoteAddr() net.Addr { return &net.TCPAddr{IP: net.ParseIP(c.from), Port: 1} }
func (c *fromConn) Close() error         { c.a.closed[c.from]++; return nil }

// One stranger has a part of the places; whoever stands for many may have all.
func TestConnectionsOfAnAddress(t *testing.T) {
	a := &acceptor{closed: map[string]int{}}
	for range maxOfAddress + 10 {
		a.from = append(a.from, "192.0.2.1", "127.0.0.1", "198.51.100.7")
	}
	a.from = append(a.from, "192.0.2.2")
	l := limited(a, []netip.Prefix{netip.MustParsePrefix("198.51.100.0/24")})
	open := map[string][]net.Conn{}
	for {
		nc, err := l.Accept()
		if errors.Is(err, errNoMore) {
			break
		}
		from := nc.RemoteAddr().(*net.TCPAddr).IP.String()
		open[from] = append(open[from], nc)
	}
	for from, want := range map[string]int{"192.0.2.1": maxOfAddress, "192.0.2.2": 1, "127.0.0.1": maxOfAddress + 10, "198.51.100.7": maxOfAddress + 10} {
		if n := len(open[from]); n != want {
			t.Errorf("%s has %d connections, want %d", from, n, want)
		}
	}
	if a.closed["192.0.2.1"] != 10 || len(a.closed) != 1 {
		t.Errorf("closed: %v", a.closed)
	}
	for range 2 { // closing twice frees one place
		open["192.0.2.1"][0].Close()
	}
	a.from = []string{"192.0.2.1", "192.0.2.1"}
	if nc, err := l.Accept(); err != nil || nc == nil {
		t.Fatal(err)
	}
	if _, err := l.Accept(); !errors.Is(err, errNoMore) {
		t.Errorf("a second one is accepted: %v", err)
	}
}
