package remote

import (
	"bytes"
	"net"
	"net/netip"
	"testing"
	"time"

	"golang.org/x/net/icmp"
	"golang.org/x/net/ipv4"
)

// TestProberCountsRepliesOnce: a host that repeats its replies does not have more than it was sent requests. UDP
// sockets take the place of ICMP's, which need a permission.
func TestProberCountsRepliesOnce(t *testing.T) {
	listen := func() net.PacketConn {
		conn, err := net.ListenPacket("udp4", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { conn.Close() })
		return conn
	}
	host := listen()
	go func() {
		for buf := make([]byte, maxProbeReply); ; {
			n, from, err := host.ReadFrom(buf)
			if err != nil {
				return
			}
			request, err := icmp.ParseMessage(protocolICMP, buf[:n])
			if err != nil {
				continue
			}
			reply, err := (&icmp.Message{Type: ipv4.ICMPTypeEchoReply, Body: request.Body}).Marshal(nil)
			if err != nil {
				continue
			}
			for range 3 {
				host.WriteTo(reply, from)
			}
		}
	}()
	p := &prober{
		conn: listen(), to: netip.MustParseAddr("127.0.0.1"), peer: host.LocalAddr(),
		payload: bytes.Repeat([]byte("token"), tokenBytes),
	}
	const count = 5
	trips, err := p.ping(count, 10*time.Millisecond, 30*time.Second)
	if err != nil || len(trips) != count {
		t.Errorf("%d replies to %d requests, %v", len(trips), count, err)
	}
}
