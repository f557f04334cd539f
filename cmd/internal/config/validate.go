package config

import (
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Bounds of the settings.
const (
	maxEndpoints   = 16
	maxPins        = 16
	maxNameBytes   = 256 // of agent_id, agent_name, server_name
	maxUserBytes   = 256
	maxPathBytes   = 4 << 10
	maxConcurrency = 1024
	minSpoolBytes  = 64 << 10
	// maxSpoolBytes is 1 TiB, and 1 GiB where addresses have 32 bits: bbolt maps the whole file, a
	// larger one in steps of 1 GiB, and a program of 32 bits has no 2 GiB in one piece.
	maxSpoolBytes = int64(1) << (30 + 10*(^uint(0)>>63))
)

// bounds of a duration, inclusive.
type bounds struct{ low, high time.Duration }

var (
	deadlineBounds    = bounds{time.Second, 24 * time.Hour}
	maxAgeBounds      = bounds{time.Minute, 3650 * 24 * time.Hour}
	scheduleAgeBounds = bounds{time.Second, 366 * 24 * time.Hour}
)

func (b bounds) check(d time.Duration) error {
	if d < b.low || d > b.high {
		return fmt.Errorf("%s is not between %s and %s", formatDuration(d), formatDuration(b.low), formatDuration(b.high))
	}
	return nil
}

// Validate checks the values of all settings. Error: *Error that names the key.
func (c Config) Validate() error {
	for i := range settings {
		if err := settings[i].check(&c); err != nil {
			return inside(settings[i].key, err)
		}
	}
	if c.ClientKey != "" && c.ClientCert == "" {
		return &Error{errors.New("client_key: it is set without client_cert"), "client_cert: FILE"}
	}
	return nil
}

func checkEndpoints(all []string) error {
	if len(all) > maxEndpoints {
		return fmt.Errorf("%d endpoints, more than %d", len(all), maxEndpoints)
	}
	for _, e := range all {
		if err := checkEndpoint(e); err != nil {
			return err
		}
	}
	return nil
}

func checkEndpoint(e string) error {
	invalid := func(next string) error {
		return &Error{fmt.Errorf("%.100q is neither host:port nor an SRV name", e), next}
	}
	if strings.ContainsFunc(e, func(r rune) bool { return r == '/' || unicode.IsSpace(r) || unicode.IsControl(r) }) {
		if _, rest, ok := strings.Cut(e, "://"); ok {
			host, _, _ := strings.Cut(rest, "/")
			return invalid(fmt.Sprintf("an endpoint is not a URL: write %.100q, with the port", host))
		}
		return invalid("for example monitor.example.com:50041 or _monitoringagent._tcp.example.com")
	}
	if strings.HasPrefix(e, "_") {
		// RFC 2782: _service._proto.name
		labels := strings.Split(strings.TrimSuffix(e, "."), ".")
		if !strings.Contains(e, ":") && len(labels) > 2 && strings.HasPrefix(labels[1], "_") {
			return nil
		}
		return invalid("an SRV name has the form _monitoringagent._tcp.example.com")
	}
	host, port, err := net.SplitHostPort(e)
	if err != nil && !strings.Contains(e, ":") && e != "" {
		return invalid(fmt.Sprintf("add the port: \"%.100s:50041\"", e))
	}
	if n, portErr := strconv.ParseUint(port, 10, 16); err == nil && (portErr != nil || n == 0) {
		err = errors.New("invalid port")
	}
	if err != nil || host == "" {
		return invalid("for example monitor.example.com:50041, [2001:db8::1]:50041 or _monitoringagent._tcp.example.com")
	}
	return nil
}

// checkToken checks the form of a token or its reference. Its errors do not quote it.
func checkToken(ref string) error {
	switch {
	case len(ref) > maxTokenBytes:
		return fmt.Errorf("longer than %d bytes", maxTokenBytes)
	case !utf8.ValidString(ref) || strings.ContainsFunc(ref, unicode.IsControl):
		return errors.New("not one line of text")
	}
	return nil
}

func checkAgentID(s string) error {
	if strings.ContainsFunc(s, unicode.IsSpace) {
		return fmt.Errorf("%.64q contains a space", s)
	}
	return checkName(s)
}

func checkName(s string) error {
	switch {
	case len(s) > maxNameBytes:
		return fmt.Errorf("%.32q… is longer than %d bytes", s, maxNameBytes)
	case !utf8.ValidString(s) || strings.ContainsFunc(s, unicode.IsControl):
		return fmt.Errorf("%.64q is not one line of text", s)
	}
	return nil
}

// checkUser rejects what cannot be the name of a user, see useradd(8).
func checkUser(s string) error {
	if len(s) > maxUserBytes || strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r > '~' || r == ':' || r == '/' }) {
		return fmt.Errorf("%.64q is not the name of a user", s)
	}
	return nil
}

func checkPath(s string) error {
	if len(s) > maxPathBytes || strings.ContainsFunc(s, unicode.IsControl) {
		return fmt.Errorf("%.64q is not the path of a file", s)
	}
	return nil
}

func checkPins(all []string) error {
	if len(all) > maxPins {
		return fmt.Errorf("%d pins, more than %d", len(all), maxPins)
	}
	for _, p := range all {
		if !isPin(p) {
			return &Error{
				fmt.Errorf("%.100q is not the SHA-256 of a public key, as sha256:HEX or base64", p),
				"virgo-endpoint init prints the pin of its certificate",
			}
		}
	}
	return nil
}

// isPin reports whether transport accepts the form of a pin: hexadecimal digits with or without
// colons, or base64, after "sha256:", curl's "sha256//" or nothing.
func isPin(s string) bool {
	if len(s) > 6 && strings.EqualFold(s[:6], "sha256") {
		if s = s[6:]; strings.HasPrefix(s, "//") {
			s = s[2:]
		} else {
			s = strings.TrimPrefix(s, ":")
		}
	}
	const bytes = 32
	if b, err := hex.DecodeString(strings.ReplaceAll(s, ":", "")); err == nil && len(b) == bytes {
		return true
	}
	s = strings.NewReplacer("-", "+", "_", "/").Replace(strings.TrimRight(s, "="))
	b, err := base64.RawStdEncoding.DecodeString(s)
	return err == nil && len(b) == bytes
}

func checkSpoolBytes(n int64) error {
	switch {
	case n < minSpoolBytes:
		return fmt.Errorf("%d is less than %s", n, formatSize(minSpoolBytes))
	case n > maxSpoolBytes:
		return fmt.Errorf("%d is more than %s", n, formatSize(maxSpoolBytes))
	}
	return nil
}

func checkConcurrency(n int) error {
	if n < 1 || n > maxConcurrency {
		return fmt.Errorf("%d is not between 1 and %d", n, maxConcurrency)
	}
	return nil
}
