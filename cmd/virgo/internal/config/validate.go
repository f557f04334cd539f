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
	maxPathBytes   = 4 << 10
	maxConcurrency = 1024
	minSpoolBytes  = 64 << 10
	maxSpoolBytes  = 1 << 40
)

type timeSpan = time.Duration

// bounds of a span of time, both included.
type bounds struct{ low, high time.Duration }

var (
	deadlineBounds    = bounds{time.Second, 24 * time.Hour}
	maxAgeBounds      = bounds{time.Minute, 3650 * 24 * time.Hour}
	scheduleAgeBounds = bounds{time.Second, 366 * 24 * time.Hour}
)

func (b bounds) check(d time.Duration) error {
	if d < b.low || d > b.high {
		return fmt.Errorf("%s is not from %s to %s", formatSpan(d), formatSpan(b.low), formatSpan(b.high))
	}
	return nil
}

// Validate checks the settings' values, wherever they come from. Error: *OwnersError that names the key.
func (c Config) Validate() error {
	for _, v := range []struct {
		key string
		err error
	}{
		{"endpoint", checkEndpoints(c.Endpoints)},
		{"token", checkToken(c.Credential.reference())},
		{"agent_id", checkAgentID(c.AgentID)},
		{"agent_name", checkName(c.AgentName)},
		{"ca_file", checkPath(c.CAFile)},
		{"pin", checkPins(c.Pins)},
		{"backup_pin", checkPins(c.BackupPins)},
		{"server_name", checkName(c.ServerName)},
		{"client_cert", checkPath(c.ClientCert)},
		{"client_key", checkPath(c.ClientKey)},
		{"client_key", checkPair(c.ClientCert, c.ClientKey)},
		{"proxy", checkProxy(c.Proxy)},
		{"no_proxy", checkNoProxy(c.NoProxy)},
		{"spool.max_bytes", checkSpoolBytes(c.SpoolMaxBytes)},
		{"spool.max_age", maxAgeBounds.check(c.SpoolMaxAge)},
		{"deadline", deadlineBounds.check(c.Deadline)},
		{"concurrency", checkConcurrency(c.Concurrency)},
		{"allow_remote", allowedError(c.AllowRemote)},
		{"host_info_deny", checkDenied(c.HostInfoDeny)},
		{"schedule_max_age", scheduleAgeBounds.check(c.ScheduleMaxAge)},
	} {
		if v.err != nil {
			return within(v.key, v.err)
		}
	}
	return nil
}

func checkEndpoints(all []string) error {
	if len(all) > maxEndpoints {
		return fmt.Errorf("%d endpoints, at most %d are taken", len(all), maxEndpoints)
	}
	for _, e := range all {
		if err := checkEndpoint(e); err != nil {
			return err
		}
	}
	return nil
}

func checkEndpoint(e string) error {
	bad := func(next string) error {
		return &OwnersError{fmt.Errorf("%.100q is neither host:port nor an SRV name", e), next}
	}
	if strings.ContainsFunc(e, func(r rune) bool { return r == '/' || unicode.IsSpace(r) || unicode.IsControl(r) }) {
		if _, rest, ok := strings.Cut(e, "://"); ok {
			host, _, _ := strings.Cut(rest, "/")
			return bad(fmt.Sprintf("an endpoint is no URL: write %.100q, with its port", host))
		}
		return bad("for example monitor.example.com:50041 or _monitoringagent._tcp.example.com")
	}
	if strings.HasPrefix(e, "_") {
		// RFC 2782: _service._proto.name
		if labels := strings.Split(strings.TrimSuffix(e, "."), "."); !strings.Contains(e, ":") && len(labels) > 2 && strings.HasPrefix(labels[1], "_") {
			return nil
		}
		return bad("an SRV name has the form _monitoringagent._tcp.example.com")
	}
	host, port, err := net.SplitHostPort(e)
	if err != nil && !strings.Contains(e, ":") && e != "" {
		return bad(fmt.Sprintf("add the port: \"%.100s:50041\"", e))
	}
	if n, bad := strconv.ParseUint(port, 10, 16); err == nil && (bad != nil || n == 0) {
		err = errors.New("no port")
	}
	if err != nil || host == "" {
		return bad("for example monitor.example.com:50041, [2001:db8::1]:50041 or _monitoringagent._tcp.example.com")
	}
	return nil
}

// checkToken looks at the form of a token or its reference. Its errors do not show it.
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
		return fmt.Errorf("%.64q holds a blank", s)
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

func checkPath(s string) error {
	if len(s) > maxPathBytes || strings.ContainsFunc(s, unicode.IsControl) {
		return fmt.Errorf("%.64q is no path of a file", s)
	}
	return nil
}

func checkPair(cert, key string) error {
	if key != "" && cert == "" {
		return &OwnersError{errors.New("a key without its certificate"), "client_cert: FILE"}
	}
	return nil
}

func checkPins(all []string) error {
	if len(all) > maxPins {
		return fmt.Errorf("%d pins, at most %d are taken", len(all), maxPins)
	}
	for _, p := range all {
		if !isPin(p) {
			return &OwnersError{fmt.Errorf("%.100q is not the SHA-256 of a public key, as sha256:HEX or base64", p), "virgo-endpoint init prints the pin of its certificate"}
		}
	}
	return nil
}

// isPin takes the forms that transport takes: hexadecimal digits, with colons between them or not, or
// base64, after "sha256:", curl's "sha256//" or nothing.
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
		return fmt.Errorf("%d is less than %s, which a few results fill", n, formatSize(minSpoolBytes))
	case n > maxSpoolBytes:
		return fmt.Errorf("%d is more than %s", n, formatSize(maxSpoolBytes))
	}
	return nil
}

func checkConcurrency(n int) error {
	if n < 1 || n > maxConcurrency {
		return fmt.Errorf("%d is not from 1 to %d", n, maxConcurrency)
	}
	return nil
}
