package transport

import (
	"io"
	"net"
	"net/netip"
	"strconv"
)

// SOCKS 5: RFC 1928, and RFC 1929 for user and password.
const (
	socksVersion  = 5
	loginVersion  = 1
	noLogin       = 0
	userPassword  = 2
	noMethod      = 0xff
	socksConnect  = 1
	addressIPv4   = 1
	addressName   = 3
	addressIPv6   = 4
	maxSocksBytes = 255 // of a name, a user or a password
)

// socks requests a connection to address, whose name it passes unresolved. It reads exactly the
// proxy's answers, at most 262 bytes, and nothing after them.
func (p Proxy) socks(conn io.ReadWriter, address string) error {
	ask, err := p.socksRequest(address)
	if err != nil {
		return err
	}
	hello := []byte{socksVersion, 1, noLogin}
	if p.login {
		if len(p.user) == 0 || len(p.user) > maxSocksBytes || len(p.password) == 0 || len(p.password) > maxSocksBytes {
			return p.refused("check its URL", "needs a user and a password of 1 to %d bytes each (SOCKS)", maxSocksBytes)
		}
		hello = []byte{socksVersion, 2, noLogin, userPassword}
	}
	var answer [2]byte
	if err := exchange(conn, hello, answer[:]); err != nil {
		return err
	}
	switch {
	case answer[0] == 'H': // "HTTP/1.1 400 Bad Request"
		return p.refused(`the URL of an HTTP proxy begins with "http://"`, "does not speak SOCKS 5")
	case answer[0] != socksVersion:
		return p.refused(checkProxy, "does not speak SOCKS 5")
	case answer[1] == userPassword && p.login:
		if err := p.socksLogin(conn); err != nil {
			return err
		}
	case answer[1] == noMethod && p.login:
		return p.refused("", "accepts neither user and password nor no authentication (SOCKS)")
	case answer[1] == noMethod:
		return p.noLogin("(SOCKS)")
	case answer[1] != noLogin:
		return p.refused("", "chose an authentication method that was not offered, %d (SOCKS)", answer[1])
	}
	var head [4]byte
	if err := exchange(conn, ask, head[:]); err != nil {
		return err
	}
	if head[0] != socksVersion {
		return p.refused(checkProxy, "does not speak SOCKS 5")
	}
	if head[1] != 0 {
		return p.socksRefusal(head[1], address)
	}
	return p.skipBound(conn, head[3])
}

// exchange writes ask, then fills answer.
func exchange(conn io.ReadWriter, ask, answer []byte) error {
	if _, err := conn.Write(ask); err != nil {
		return err
	}
	_, err := io.ReadFull(conn, answer)
	return err
}

func (p Proxy) socksRequest(address string) ([]byte, error) {
	host, text, err := net.SplitHostPort(address)
	port, err2 := strconv.ParseUint(text, 10, 16)
	if err != nil || err2 != nil || port == 0 || !isHost(host) || len(host) > maxSocksBytes {
		return nil, p.invalidAddress(address)
	}
	ask := []byte{socksVersion, socksConnect, 0}
	if ip, err := netip.ParseAddr(host); err != nil {
		ask = append(append(ask, addressName, byte(len(host))), host...)
	} else if ip = ip.Unmap(); ip.Is4() {
		ask = append(append(ask, addressIPv4), ip.AsSlice()...)
	} else {
		ask = append(append(ask, addressIPv6), ip.AsSlice()...)
	}
	return append(ask, byte(port>>8), byte(port)), nil
}

func (p Proxy) socksLogin(conn io.ReadWriter) error {
	ask := append([]byte{loginVersion, byte(len(p.user))}, p.user...)
	ask = append(append(ask, byte(len(p.password))), p.password...)
	var answer [2]byte
	if err := exchange(conn, ask, answer[:]); err != nil {
		return err
	}
	if answer[1] != 0 {
		return p.wrongLogin("(SOCKS)")
	}
	return nil
}

// skipBound reads the address from which the proxy connects.
func (p Proxy) skipBound(conn io.Reader, kind byte) error {
	var bound [maxSocksBytes + 2]byte
	n := 0
	switch kind {
	case addressIPv4:
		n = net.IPv4len
	case addressIPv6:
		n = net.IPv6len
	case addressName:
		if _, err := io.ReadFull(conn, bound[:1]); err != nil {
			return err
		}
		n = int(bound[0])
	default:
		return p.refused(checkProxy, "does not speak SOCKS 5: unknown address type %d", kind)
	}
	_, err := io.ReadFull(conn, bound[:n+2])
	return err
}

// socksRefusal returns the error for a reply code (RFC 1928, 6), with its message and the next step.
func (p Proxy) socksRefusal(code byte, address string) error {
	e := &ProxyError{
		Proxy: p.String(),
		hint:  "the proxy resolves the endpoint's name and connects: check both on its host",
	}
	because := ""
	switch code {
	case 2:
		return p.refused("allow this host to connect there in its rules, or add the endpoint to no_proxy",
			"does not allow a connection to %s (SOCKS error 2)", address)
	case 3:
		because = "network unreachable, "
	case 4:
		because = "host unreachable, "
	case 5:
		because = "connection refused, "
	case 6:
		because = "no answer, "
	case 7:
		return p.refused("", "does not support CONNECT (SOCKS error 7)")
	case 8:
		return p.refused("name the endpoint by a type of address that it supports",
			"does not support the address type of %s (SOCKS error 8)", address)
	}
	e.Reason = "could not reach " + address + " (" + because + "SOCKS error " + strconv.Itoa(int(code)) + ")"
	return e
}
