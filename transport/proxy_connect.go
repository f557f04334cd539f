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

// Bounds of what an HTTP proxy may answer.
const (
	maxProxyHead   = 16 << 10 // bytes of status lines and header fields, in all
	maxProxyReason = 128      // bytes kept of a status line's words
)

// connect asks for a tunnel (CONNECT, RFC 9110, 9.3.6; Basic, RFC 7617). rest is what came after the
// answer.
func (p Proxy) connect(conn io.ReadWriter, address string) (rest []byte, err error) {
	if host, _, err := net.SplitHostPort(address); err != nil || !isHost(host) {
		return nil, p.refused("check the endpoint's name", "cannot be asked for %q: it is no host and port", words(address, maxTypeBytes))
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
	if err == nil && (a.status < 200 || a.status > 299) {
		err = p.explain(a, address)
	}
	return a.rest, err
}

// A proxyAnswer is what of a response to CONNECT matters.
type proxyAnswer struct {
	status  int
	reason  string   // the status line's words
	schemes []string // of the Proxy-Authenticate fields
	rest    []byte
}

// readAnswer reads up to the end of the header of the first answer that is not an interim one (1xx).
func (p Proxy) readAnswer(r io.Reader) (proxyAnswer, error) {
	var a proxyAnswer
	const step = 1 << 10
	var buf []byte
	interim := 0 // bytes of those, which count towards the bound
	for {
		for {
			head, rest, ok := cutHead(buf)
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
			return a, p.noHTTP(buf)
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
					return a, p.noHTTP(buf)
				}
				err = io.ErrUnexpectedEOF
			}
			return a, err
		}
	}
}

// cutHead parts a header, with the line break of its last line, from what follows its empty line.
func cutHead(b []byte) (head, rest []byte, ok bool) {
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
		return p.noHTTP(head)
	}
	a.status, a.reason = int(n), words(strings.TrimSpace(reason), maxProxyReason)
	for field := range bytes.Lines(fields) {
		name, value, _ := strings.Cut(string(field), ":")
		if scheme, _, _ := strings.Cut(strings.TrimSpace(value), " "); strings.EqualFold(name, "Proxy-Authenticate") && scheme != "" {
			a.schemes = append(a.schemes, words(scheme, 32))
		}
	}
	return nil
}

// noHTTP says what the first bytes of something that does not speak HTTP look like.
func (p Proxy) noHTTP(b []byte) error {
	switch {
	case len(b) > 1 && (b[0] == 0x15 || b[0] == 0x16) && b[1] == 3: // a TLS alert or handshake record
		return p.refused(`an HTTP proxy behind TLS is named "https://"`, "speaks TLS")
	case b[0] == 5:
		return p.refused(`a SOCKS proxy is named "socks5://"`, "does not speak HTTP")
	}
	return p.refused(checkProxy, "does not speak HTTP")
}

// explain gives each refusal its sentence.
func (p Proxy) explain(a proxyAnswer, address string) error {
	said := strings.TrimSpace(strconv.Itoa(a.status) + " " + a.reason)
	_, port, _ := net.SplitHostPort(address)
	switch a.status {
	case 407, 401: // tinyproxy refuses a wrong password with 401
		return p.explainLogin(a.status, a.schemes)
	case 403:
		return p.refused(
			"let its rules allow CONNECT to port "+port+" for this host (squid: SSL_ports and http_access, tinyproxy: ConnectPort and Allow), or name the endpoint among those that need no proxy",
			"does not allow a connection to %s (%s)", address, said)
	case 400, 404, 405, 501:
		return p.refused("check the proxy's port: a web server may be listening there", "does not do CONNECT (%s)", said)
	case 500, 502, 503, 504:
		return &ProxyError{
			Proxy: p.String(), Reason: fmt.Sprintf("could not reach %s (%s)", address, said),
			hint: "it is the proxy that resolves the endpoint's name and connects: check both from there",
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
		return p.refused("let it take Basic, or let it know this host by its address",
			"wants a login by %s (%d), and only Basic is spoken here", strings.Join(schemes[:min(shown, len(schemes))], ", "), status)
	case p.login:
		return p.wrongLogin("(" + strconv.Itoa(status) + ")")
	}
	return p.noLogin("(" + strconv.Itoa(status) + ")")
}

func (p Proxy) noLogin(code string) error {
	return p.refused("give them in its URL: "+p.scheme+"://user:password@"+p.address, "wants a user and a password %s", code)
}

func (p Proxy) wrongLogin(code string) error {
	return p.refused("check them in its URL; characters that mean something there are written as % and two digits, @ as %40", "refused the user and the password %s", code)
}
