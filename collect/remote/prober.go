package remote

import (
	"bytes"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"time"

	"golang.org/x/net/icmp"
	"golang.org/x/net/ipv4"
	"golang.org/x/net/ipv6"
)

const (
	// probeBytes is the length of the payload, as in ping(8). It begins with a random token.
	probeBytes = 56
	tokenBytes = 16
	// maxProbeReply is the longest reply, with IP options.
	maxProbeReply = 512
	// IANA's protocol numbers.
	protocolICMP   = 1
	protocolICMPv6 = 58
)

// A prober sends ICMP echo requests to an address and receives the replies.
type prober struct {
	conn    net.PacketConn
	to      netip.Addr
	peer    net.Addr // to, in the socket's type
	id      int
	payload []byte
}

// newProber opens an unprivileged ICMP socket (macOS; Linux for the groups in
// net.ipv4.ping_group_range), otherwise a raw one. If neither is permitted, the error describes how
// to permit it.
func newProber(to netip.Addr) (*prober, error) {
	p := &prober{to: to, payload: make([]byte, probeBytes)}
	rand.Read(p.payload[:tokenBytes])
	p.id = int(binary.BigEndian.Uint16(p.payload))
	unprivileged, raw, local := "udp4", "ip4:icmp", "0.0.0.0"
	if to.Is6() {
		unprivileged, raw, local = "udp6", "ip6:ipv6-icmp", "::"
	}
	if conn, err := icmp.ListenPacket(unprivileged, local); err == nil {
		p.conn, p.peer = conn, &net.UDPAddr{IP: to.AsSlice(), Zone: to.Zone()}
		return p, nil
	}
	conn, err := icmp.ListenPacket(raw, local)
	if errors.Is(err, os.ErrPermission) {
		return nil, errors.New(pingNotPermitted)
	}
	if err != nil {
		return nil, err
	}
	p.conn, p.peer = conn, &net.IPAddr{IP: to.AsSlice(), Zone: to.Zone()}
	if conn.IPv6PacketConn() != nil {
		var only ipv6.ICMPFilter
		only.SetAll(true)
		only.Accept(ipv6.ICMPTypeEchoReply)
		_ = conn.IPv6PacketConn().SetICMPFilter(&only) // saves work; other messages are ignored anyway
	}
	return p, nil
}

func (p *prober) close() { p.conn.Close() }

// ping sends count requests, interval apart, and returns the round-trip times in the order of the
// replies. It ends when all replies are received, or wait after the last request was due. Errors:
// of a socket that was closed, or where no request could be sent.
func (p *prober) ping(count int, interval, wait time.Duration) ([]time.Duration, error) {
	sent := make([]time.Time, count) // zero: replied to, or not sent
	start := time.Now()
	var trips []time.Duration
	var sendErr error
	for seq := range count {
		now := time.Now()
		if err := p.send(seq); err != nil {
			sendErr = err
		} else {
			sent[seq] = now
		}
		last := seq == count-1
		until := start.Add(time.Duration(seq) * interval)
		if last {
			until = until.Add(wait)
		} else {
			until = until.Add(interval)
		}
		more, err := p.receive(until, sent, last)
		trips = append(trips, more...)
		if err != nil {
			return trips, err
		}
	}
	if len(trips) == 0 && sendErr != nil {
		return nil, sendErr
	}
	return trips, nil
}

func (p *prober) send(seq int) error {
	message := icmp.Message{
		Type: ipv4.ICMPTypeEcho,
		Body: &icmp.Echo{ID: p.id, Seq: seq, Data: p.payload},
	}
	if p.to.Is6() {
		message.Type = ipv6.ICMPTypeEchoRequest
	}
	data, err := message.Marshal(nil) // the kernel computes ICMPv6's checksum, which covers the addresses
	if err != nil {
		return err
	}
	_, err = p.conn.WriteTo(data, p.peer)
	return err
}

// receive receives replies until the time; after the last request, only until all are received.
// Error: of a socket that was closed.
func (p *prober) receive(until time.Time, sent []time.Time, last bool) (trips []time.Duration, err error) {
	if err := p.conn.SetReadDeadline(until); err != nil {
		return nil, err
	}
	buffer := make([]byte, maxProbeReply)
	for !last || anyPending(sent) {
		n, from, err := p.conn.ReadFrom(buffer)
		now := time.Now()
		switch {
		case errors.Is(err, os.ErrDeadlineExceeded):
			return trips, nil
		case err != nil:
			return trips, fmt.Errorf("receiving: %w", err)
		}
		seq, ok := p.parseReply(buffer[:n], from)
		if !ok || seq >= len(sent) || sent[seq].IsZero() {
			continue
		}
		trips = append(trips, now.Sub(sent[seq]))
		sent[seq] = time.Time{}
	}
	return trips, nil
}

// anyPending reports whether a request has no reply yet.
func anyPending(sent []time.Time) bool {
	for _, at := range sent {
		if !at.IsZero() {
			return true
		}
	}
	return false
}

// parseReply returns the sequence number of a reply to this prober; not ok where the message is
// another.
func (p *prober) parseReply(message []byte, from net.Addr) (seq int, ok bool) {
	if addrOf(from) != p.to.WithZone("") {
		return 0, false
	}
	protocol := protocolICMP
	if p.to.Is6() {
		protocol = protocolICMPv6
	}
	m, err := icmp.ParseMessage(protocol, message)
	if err != nil || m.Type != ipv4.ICMPTypeEchoReply && m.Type != ipv6.ICMPTypeEchoReply {
		return 0, false
	}
	// The identifier is not compared, since the kernel replaces that of unprivileged sockets. The
	// token is unique.
	echo, ok := m.Body.(*icmp.Echo)
	if !ok || !bytes.HasPrefix(echo.Data, p.payload[:tokenBytes]) {
		return 0, false
	}
	return echo.Seq, true
}

// addrOf returns an IP address without its zone.
func addrOf(from net.Addr) netip.Addr {
	var ip net.IP
	switch from := from.(type) {
	case *net.UDPAddr:
		ip = from.IP
	case *net.IPAddr:
		ip = from.IP
	}
	address, _ := netip.AddrFromSlice(ip)
	return address.Unmap()
}
