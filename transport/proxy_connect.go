package transport

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"slices"
	"strconv"
	"strings"
)

// Bounds of an HTTP proxy's answer.
const (
	maxProxyHead   = 16 << 10 // bytes of status lines and header fields, in all
	maxProxyReason = 128      // bytes of a reason phrase; truncated
)

// connect requests a tunnel (CONNECT, RFC 9110, 9.3.6; Basic, RFC 7617). rest are the bytes after
// the answer.
func (p Proxy) connect(conn io.ReadWriter, address string) (rest []byte, err error) {
	if host, _, err := net.SplitHostPort(address); err != nil || !isHost(host) {
		return nil, p.invalidAddress(address)
	}
	ask := append(make([]byte, 0, 256), "CONNECT "+address+" HTTP/1.1\r\nHost: "+address+"\r\n"...)
	if p.login {
		ask = append(ask, "Proxy-Authorization: Basic "...)
		ask = base64.StdEncoding.AppendEncode(ask, []byte(p.user+":"+p.password))
		ask = append(ask, "\r\n"...)
	}
	if _, err := conn.Write(append(ask, "\r\n"...)); err != nil {
		return nil, err
	}
	a, err := p.readAnswer(conn)
	if err == nil && a.status > 299 {
		err = p.explain(a, address)
	}
	return a.rest, err
}

// A proxyAnswer is the response to CONNECT, as far as it is used.
type proxyAnswer struct {
	status  int
	reason  string   // reason phrase
	schemes []string // of the Proxy-Authenticate fields
	rest    []byte
}

// readAnswer reads up to the end of the header of the first response that is not an interim one
// (1xx).
func (p Proxy) readAnswer(r io.Reader) (proxyAnswer, error) {
	var a proxyAnswer
	const step = 1 << 10
	var buf []byte
	interim := 0 // bytes of interim responses, which count towards the bound
	for {
		for {
			head, rest, ok := splitHead(buf)
			if !ok {
				break
			}
			if err := p.parseHead(head, &a); err != nil {
				return a, err
			}
			if a.status >= 200 {
				a.rest = rest
				return a, nil
			}
			interim += len(buf) - len(rest)
			buf = rest
		}
		if len(buf) >= 5 && !bytes.HasPrefix(buf, []byte("HTTP/")) {
			return a, p.notHTTP(buf)
		}
		if interim+len(buf) >= maxProxyHead {
			return a, p.refused(checkProxy, "sent more than %d bytes of header", maxProxyHead)
		}
		if cap(buf) == len(buf) {
			buf = slices.Grow(buf, step)
		}
		n, err := r.Read(buf[len(buf):cap(buf)])
		buf = buf[:len(buf)+n]
		if err != nil && n == 0 {
			if err == io.EOF && len(buf) > 0 {
				if !bytes.HasPrefix(buf, []byte("HTTP/")) && !bytes.HasPrefix([]byte("HTTP/"), buf) {
					return a, p.notHTTP(buf)
				}
				err = io.ErrUnexpectedEOF
			}
			return a, err
		}
	}
}

// splitHead splits a header, with its last line break, from what follows its empty line.
func splitHead(b []byte) (head, rest []byte, ok bool) {
	for i := 0; ; {
		end := bytes.IndexByte(b[i:], '\n')
		if end < 0 {
			return nil, nil, false
		}
		if line := b[i : i+end]; i > 0 && (len(line) == 0 || string(line) == "\r") {
			return b[:i], b[i+end+1:], true
		}
		i += end + 1
	}
}

func (p Proxy) parseHead(head []byte, a *proxyAnswer) error {
	line, fields, _ := bytes.Cut(head, []byte("\n"))
	version, status, _ := strings.Cut(strings.TrimSpace(string(line)), " ")
	code, reason, _ := strings.Cut(strings.TrimLeft(status, " "), " ")
	n, err := strconv.ParseUint(code, 10, 16)
	if !strings.HasPrefix(version, "HTTP/1.") || err != nil || n < 100 || n > 999 {
		return p.notHTTP(head)
	}
	a.status, a.reason = int(n), sanitize(strings.TrimSpace(reason), maxProxyReason)
	for field := range bytes.Lines(fields) {
		name, value, _ := strings.Cut(string(field), ":")
		scheme, _, _ := strings.Cut(strings.TrimSpace(value), " ")
		if strings.EqualFold(name, "Proxy-Authenticate") && scheme != "" {
			a.schemes = append(a.schemes, sanitize(scheme, 32))
		}
	}
	return nil
}

// notHTTP explains an answer that is not HTTP by its first bytes.
func (p Proxy) notHTTP(b []byte) error {
	switch {
	case len(b) > 1 && (b[0] == 0x15 || b[0] == 0x16) && b[1] == 3: // a TLS alert or handshake record
		return p.refused(`the URL of an HTTP proxy behind TLS begins with "https://"`, "speaks TLS")
	case b[0] == 5:
		return p.refused(`the URL of a SOCKS proxy begins with "socks5://"`, "does not speak HTTP")
	}
	return p.refused(checkProxy, "does not speak HTTP")
}

// explain returns the error for a refusal, with its message and the next step.
func (p Proxy) explain(a proxyAnswer, address string) error {
	said := strings.TrimSpace(strconv.Itoa(a.status) + " " + a.reason)
	_, port, _ := net.SplitHostPort(address)
	switch a.status {
	case 407, 401: // tinyproxy refuses a wrong password with 401
		return p.explainLogin(a.status, a.schemes)
	case 403:
		return p.refused(
			"allow CONNECT to port "+port+" for this host in its rules (squid: SSL_ports and http_access, "+
				"tinyproxy: ConnectPort and Allow), or add the endpoint to no_proxy",
			"does not allow a connection to %s (%s)", address, said)
	case 400, 404, 405, 501:
		return p.refused("check the proxy's port: a web server may be listening there", "does not support CONNECT (%s)", said)
	case 500, 502, 503, 504:
		return &ProxyError{
			Proxy: p.String(), Reason: fmt.Sprintf("could not reach %s (%s)", address, said),
			hint: "the proxy resolves the endpoint's name and connects: check both on its host",
		}
	}
	return p.refused("", "answered %s", said)
}

func (p Proxy) explainLogin(status int, schemes []string) error {
	basic := len(schemes) == 0
	for _, s := range schemes {
		basic = basic || strings.EqualFold(s, "Basic")
	}
	switch {
	case !basic:
		const shown = 4
		return p.refused("enable Basic there, or allow this host by its address",
			"requires authentication by %s (%d), and only Basic is supported",
			strings.Join(schemes[:min(shown, len(schemes))], ", "), status)
	case p.login:
		return p.wrongLogin("(" + strconv.Itoa(status) + ")")
	}
	return p.noLogin("(" + strconv.Itoa(status) + ")")
}

func (p Proxy) noLogin(code string) error {
	hint := "set them in its URL: " + p.scheme + "://user:password@" + p.address
	return p.refused(hint, "requires a user and a password %s", code)
}

func (p Proxy) wrongLogin(code string) error {
	const hint = "check them in its URL; special characters there are written as % and two hexadecimal digits, @ as %40"
	return p.refused(hint, "refused the user and the password %s", code)
}
