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
	// echoBytes of payload are what ping(8) sends. They begin with a token that no other sender knows.
	echoBytes  = 56
	tokenBytes = 16
	// maxEchoMessage is room for an answer with IP options.
	maxEchoMessage = 512
	// Protocol numbers of IANA.
	protocolICMP   = 1
	protocolICMPv6 = 58
)

// An echoSocket sends ICMP echoes to one address and hears the answers.
type echoSocket struct {
	conn    *icmp.PacketConn
	to      netip.Addr
	peer    net.Addr // to, as the socket wants it
	id      int
	payload []byte
}

// openEcho opens a socket: one that any user of net.ipv4.ping_group_range may have (Linux, macOS), else a raw one.
// Where neither is allowed the error says what to do.
func openEcho(to netip.Addr) (*echoSocket, error) {
	s := &echoSocket{to: to, payload: make([]byte, echoBytes)}
	rand.Read(s.payload[:tokenBytes])
	s.id = int(binary.BigEndian.Uint16(s.payload))
	unprivileged, raw, local := "udp4", "ip4:icmp", "0.0.0.0"
	if to.Is6() {
		unprivileged, raw, local = "udp6", "ip6:ipv6-icmp", "::"
	}
	var err error
	if s.conn, err = icmp.ListenPacket(unprivileged, local); err == nil {
		s.peer = &net.UDPAddr{IP: to.AsSlice(), Zone: to.Zone()}
		return s, nil
	}
	if s.conn, err = icmp.ListenPacket(raw, local); err != nil {
		if errors.Is(err, os.ErrPermission) {
			return nil, errors.New(echoNeeds)
		}
		return nil, err
	}
	s.peer = &net.IPAddr{IP: to.AsSlice(), Zone: to.Zone()}
	if s.conn.IPv6PacketConn() != nil {
		var only ipv6.ICMPFilter
		only.SetAll(true)
		only.Accept(ipv6.ICMPTypeEchoReply)
		_ = s.conn.IPv6PacketConn().SetICMPFilter(&only) // what is not for us is ignored in any case
	}
	return s, nil
}

func (s *echoSocket) close() { s.conn.Close() }

// ping sends count echoes, interval apart, and gives the times after which answers came, in the order that they came. It
// ends when all are answered, wait after the last was due, whatever sending took. Errors: of a socket that was closed, or that
// cannot send at all.
func (s *echoSocket) ping(count int, interval, wait time.Duration) ([]time.Duration, error) {
	sent := make([]time.Time, count) // zero: answered, or never sent
	start := time.Now()
	var trips []time.Duration
	var refused error
	for seq := range count {
		now := time.Now()
		if err := s.send(seq); err != nil {
			refused = err
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
		more, err := s.hear(until, sent, last)
		trips = append(trips, more...)
		if err != nil {
			return trips, err
		}
	}
	if len(trips) == 0 && refused != nil {
		return nil, refused
	}
	return trips, nil
}

func (s *echoSocket) send(seq int) error {
	message := icmp.Message{Type: ipv4.ICMPTypeEcho, Body: &icmp.Echo{ID: s.id, Seq: seq, Data: s.payload}}
	if s.to.Is6() {
		message.Type = ipv6.ICMPTypeEchoRequest
	}
	data, err := message.Marshal(nil) // the kernel adds the checksum of ICMPv6, which covers addresses
	if err != nil {
		return err
	}
	_, err = s.conn.WriteTo(data, s.peer)
	return err
}

// hear listens until then for answers to what was sent and is not answered yet; where last says so, no longer
// than until all are. Error: of a socket that was closed.
func (s *echoSocket) hear(until time.Time, sent []time.Time, last bool) (trips []time.Duration, err error) {
	if err := s.conn.SetReadDeadline(until); err != nil {
		return nil, err
	}
	buffer := make([]byte, maxEchoMessage)
	for !last || waiting(sent) {
		n, from, err := s.conn.ReadFrom(buffer)
		now := time.Now()
		switch {
		case errors.Is(err, os.ErrDeadlineExceeded):
			return trips, nil
		case err != nil:
			return trips, fmt.Errorf("hearing: %w", err)
		}
		seq, ok := s.answer(buffer[:n], from)
		if !ok || seq >= len(sent) || sent[seq].IsZero() {
			continue
		}
		trips = append(trips, now.Sub(sent[seq]))
		sent[seq] = time.Time{}
	}
	return trips, nil
}

func waiting(sent []time.Time) bool {
	for _, at := range sent {
		if !at.IsZero() {
			return true
		}
	}
	return false
}

// answer gives the number of the echo that a message answers, and whether it is an answer to one of this socket's.
func (s *echoSocket) answer(message []byte, from net.Addr) (seq int, ok bool) {
	if addressOf(from) != s.to.WithZone("") {
		return 0, false
	}
	protocol := protocolICMP
	if s.to.Is6() {
		protocol = protocolICMPv6
	}
	m, err := icmp.ParseMessage(protocol, message)
	if err != nil || m.Type != ipv4.ICMPTypeEchoReply && m.Type != ipv6.ICMPTypeEchoReply {
		return 0, false
	}
	// The identifier is not compared: the kernel gives unprivileged sockets one of its own, and the token says more.
	echo, ok := m.Body.(*icmp.Echo)
	if !ok || !bytes.HasPrefix(echo.Data, s.payload[:tokenBytes]) {
		return 0, false
	}
	return echo.Seq, true
}

func addressOf(from net.Addr) netip.Addr {
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
