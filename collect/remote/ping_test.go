package remote

import (
	"net"
	"net/netip"
	"testing"
	"time"

	"golang.org/x/net/icmp"
	"golang.org/x/net/ipv4"
	"golang.org/x/net/ipv6"

	"virgo/collect"
	"virgo/schedule"
)

func TestPingMetrics(t *testing.T) {
	ms := func(n ...float64) (all []time.Duration) {
		for _, n := range n {
			all = append(all, time.Duration(n*float64(time.Millisecond)))
		}
		return all
	}
	wantMetrics(t, collect.Result{Metrics: pingMetrics(ms(2, 1, 4.5), 4)}, map[string]string{"available": "75", "count": "4", "average": "2.5", "minimum": "1", "maximum": "4.5"})
	wantMetrics(t, collect.Result{Metrics: pingMetrics(nil, 5)}, map[string]string{"available": "0", "count": "5", "average": "absent", "minimum": "absent", "maximum": "absent"})
	wantMetrics(t, collect.Result{Metrics: pingMetrics(ms(1, 1, 1), 9)}, map[string]string{"available": "33.3333"})
}

// TestShareTime: a check's requests and the wait for replies fit into its time limit.
func TestShareTime(t *testing.T) {
	for _, c := range []struct {
		left           time.Duration
		count          int64
		interval, wait time.Duration
	}{
		{time.Minute, 4, probeInterval, replyTimeout},
		{time.Minute, 1, probeInterval, replyTimeout},
		{2200 * time.Millisecond, 5, probeInterval, 1200 * time.Millisecond},
		{time.Second, 100, 4 * time.Millisecond, 404 * time.Millisecond},
		{reportMargin, 5, 0, 0},
		{-time.Second, 5, 0, 0},
	} {
		interval, wait := shareTime(c.left, c.count)
		if interval != c.interval || wait != c.wait {
			t.Errorf("%v for %d requests: %v, %v; want %v, %v", c.left, c.count, interval, wait, c.interval, c.wait)
		}
		if total := time.Duration(c.count-1)*interval + wait; total > max(c.left-reportMargin, 0) {
			t.Errorf("%v for %d requests: takes %v", c.left, c.count, total)
		}
	}
}

// icmpMessage returns an ICMP message as a socket receives it.
func icmpMessage(t testing.TB, kind icmp.Type, seq int, data []byte) []byte {
	b, err := (&icmp.Message{Type: kind, Body: &icmp.Echo{ID: 7, Seq: seq, Data: data}}).Marshal(nil)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestPingIgnoresOtherMessages(t *testing.T) {
	token := []byte("0123456789abcdef and the padding")
	four := &prober{to: netip.MustParseAddr("10.0.0.1"), payload: token}
	six := &prober{to: netip.MustParseAddr("fe80::1%eth0"), payload: token}
	at := func(ip string) net.Addr { return &net.IPAddr{IP: net.ParseIP(ip), Zone: "eth0"} }
	good := icmpMessage(t, ipv4.ICMPTypeEchoReply, 3, token)
	good6 := icmpMessage(t, ipv6.ICMPTypeEchoReply, 4, token)
	for name, c := range map[string]struct {
		socket *prober
		from   net.Addr
		data   []byte
		seq    int
	}{
		"a reply":            {four, at("10.0.0.1"), good, 3},
		"unprivileged":       {four, &net.UDPAddr{IP: net.ParseIP("10.0.0.1")}, good, 3},
		"IPv6":               {six, at("fe80::1"), good6, 4},
		"another host":       {four, at("10.0.0.2"), good, -1},
		"another host, IPv6": {six, at("fe80::2"), good6, -1},
		"own request":        {four, at("10.0.0.1"), icmpMessage(t, ipv4.ICMPTypeEcho, 3, token), -1},
		"another token":      {four, at("10.0.0.1"), icmpMessage(t, ipv4.ICMPTypeEchoReply, 3, []byte("0123456789abcdeF and the padding")), -1},
		"a short token":      {four, at("10.0.0.1"), icmpMessage(t, ipv4.ICMPTypeEchoReply, 3, token[:8]), -1},
		"truncated":          {four, at("10.0.0.1"), good[:6], -1},
		"empty":              {four, at("10.0.0.1"), nil, -1},
		"no address":         {four, nil, good, -1},
	} {
		seq, ok := c.socket.parseReply(c.data, c.from)
		if ok != (c.seq >= 0) || ok && seq != c.seq {
			t.Errorf("%s: %d, %v", name, seq, ok)
		}
	}
}

func TestPingWrongDetails(t *testing.T) {
	for _, c := range []struct {
		details schedule.Details
		status  string
	}{
		{nil, "Missing target parameter"},
		{schedule.Details{"target": "127.0.0.1", "count": 0}, `detail "count" is "0", not a number from 1 to 100`},
		{schedule.Details{"target": "127.0.0.1", "count": "101"}, `detail "count" is "101", not a number from 1 to 100`},
		{schedule.Details{"target": "127.0.0.1", "count": "x"}, `detail "count" is "x", not a whole number`},
		{schedule.Details{"target": "a@b"}, `detail "target" is "a@b", not a host name or an IP address`},
	} {
		wantUnavailable(t, runType(t, "remote.ping", c.details), c.status)
	}
}
