package schedule

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"virgo/schedule/detail"
	"virgo/schedule/shorttext"
)

const (
	// MaxPatternBytes bounds a regular expression and so, with RE2, the time and memory that it takes.
	MaxPatternBytes = 1024
	// MaxHostBytes is the longest name in DNS (RFC 1035, 2.3.4), and longer than any IPv6 address with
	// a zone.
	MaxHostBytes = 255
	// MaxURLBytes bounds a URL.
	MaxURLBytes = 8 << 10
)

// notScalar is the value in the error for a list or an object where a text is expected.
const notScalar = "a list or an object"

// Validate returns a *DetailError if the detail has a value that is not of its kind; nil if it has none.
func (d Detail) Validate(all Details) error {
	if v, ok := all[d.Name]; !ok || v == nil || v == "" {
		return nil
	}
	switch d.Kind {
	case detail.Integer:
		_, err := all.integer(d.Name, d.Min, d.Max)
		return err
	case detail.Number:
		return all.number(d.Name, d.Min, d.Max)
	case detail.Port:
		_, err := all.integer(d.Name, 1, 65535)
		return err
	case detail.Milliseconds:
		return all.duration(d.Name, time.Millisecond, d.Min)
	case detail.Seconds:
		return all.duration(d.Name, time.Second, d.Min)
	case detail.Boolean:
		_, err := all.Bool(d.Name, false)
		return err
	case detail.List:
		_, err := all.Strings(d.Name)
		return err
	case detail.Object:
		_, err := all.Object(d.Name)
		return err
	}
	text, ok := all.Text(d.Name)
	if !ok {
		return &DetailError{d.Name, notScalar, "a text"}
	}
	switch d.Kind {
	case detail.Choice:
		_, err := ParseChoice(d.Name, text, d.Choices)
		return err
	case detail.Regexp:
		_, err := ParseRegexp(d.Name, text)
		return err
	case detail.URL:
		_, err := ParseURL(d.Name, text)
		return err
	case detail.PageURL:
		if strings.HasPrefix(text, "http://unix:") {
			return nil
		}
		_, err := ParseURL(d.Name, text)
		return err
	case detail.Host:
		return ValidateHost(d.Name, text)
	case detail.HostPort:
		return validateHostPort(d.Name, text)
	case detail.AbsolutePath:
		if !isAbsolute(text) {
			return detailError(d.Name, text, "an absolute path")
		}
	}
	return nil
}

// integer returns a whole number from least to most; a most of 0 is no bound.
func (d Details) integer(key string, least, most int64) (int64, error) {
	n, err := d.Int(key, least)
	if err != nil || n >= least && (most == 0 || n <= most) {
		return n, err
	}
	return 0, detailError(key, strconv.FormatInt(n, 10), rangeText(least, most))
}

// number checks a number that may have a fraction.
func (d Details) number(key string, least, most int64) error {
	f, err := d.Float(key, float64(least))
	switch {
	case err != nil || least == 0 && most == 0:
		return err
	case f < float64(least) || most != 0 && f > float64(most):
		text, _ := d.value(key)
		return detailError(key, text, rangeText(least, most))
	}
	return nil
}

func rangeText(least, most int64) string {
	if most == 0 {
		return fmt.Sprintf("%d or more", least)
	}
	return fmt.Sprintf("from %d to %d", least, most)
}

// duration checks a duration of at least that many units.
func (d Details) duration(key string, unit time.Duration, least int64) error {
	span, err := d.Duration(key, unit, 0)
	if err == nil && span < time.Duration(least)*unit {
		text, _ := d.value(key)
		err = detailError(key, text, fmt.Sprintf("%s or more", time.Duration(least)*unit))
	}
	return err
}

// Object returns an object, which may also be a text in JSON, as on a command line; nil if the detail
// is absent. Error: *DetailError.
func (d Details) Object(key string) (map[string]any, error) {
	wrong := func(value string) error { return &DetailError{key, value, "an object"} }
	switch v := d[key].(type) {
	case nil:
		return nil, nil
	case map[string]any:
		return v, nil
	case Details:
		return v, nil
	case string:
		if v == "" {
			return nil, nil
		}
		var object map[string]any
		dec := json.NewDecoder(strings.NewReader(v))
		dec.UseNumber()
		if err := dec.Decode(&object); err != nil || object == nil {
			return nil, wrong("a text")
		}
		if _, err := dec.Token(); !errors.Is(err, io.EOF) {
			return nil, wrong("a text")
		}
		return object, nil
	case []any, []string:
		return nil, wrong("a list")
	}
	return nil, wrong("a number or a truth value")
}

// ParseChoice returns which of some values a text is, in upper or lower case. Error: *DetailError.
func ParseChoice(key, text string, choices []string) (string, error) {
	i := slices.IndexFunc(choices, func(c string) bool { return strings.EqualFold(c, strings.TrimSpace(text)) })
	if i < 0 {
		return "", detailError(key, text, "one of "+strings.Join(choices, ", "))
	}
	return choices[i], nil
}

// ParseRegexp compiles a regular expression. Error: *DetailError.
func ParseRegexp(key, text string) (*regexp.Regexp, error) {
	if len(text) > MaxPatternBytes {
		return nil, detailError(key, text, fmt.Sprintf("a regular expression of at most %d bytes", MaxPatternBytes))
	}
	re, err := regexp.Compile(text)
	if err != nil {
		return nil, detailError(key, text, "a regular expression (RE2)")
	}
	return re, nil
}

// ParseURL returns an address of http or https. The error, a *DetailError, does not quote the text,
// which may contain a password.
func ParseURL(key, text string) (*url.URL, error) {
	u, err := url.Parse(text)
	switch {
	case err != nil || len(text) > MaxURLBytes || u.Hostname() == "" || ValidateHost(key, u.Hostname()) != nil:
		return nil, &DetailError{Key: key, Want: "a URL such as https://www.example.com/path"}
	case u.Scheme != "http" && u.Scheme != "https":
		return nil, &DetailError{Key: key, Want: "a URL of http or https"}
	}
	return u, nil
}

// ValidateHost returns a *DetailError if a text is neither a host's name nor an IP address, which may be
// in brackets. Names are not limited to ASCII.
func ValidateHost(key, text string) error {
	host := strings.TrimSpace(text)
	if inner, ok := strings.CutPrefix(host, "["); ok {
		host = strings.TrimSuffix(inner, "]")
	}
	if _, err := netip.ParseAddr(host); err == nil {
		return nil
	}
	if len(host) > MaxHostBytes || strings.ContainsFunc(host, invalidInHost) {
		return detailError(key, shorttext.Sanitize(text), "a host name or an IP address")
	}
	return nil
}

func invalidInHost(r rune) bool {
	return r <= ' ' || shorttext.Unsafe(r) || strings.ContainsRune(`/\@:?#%[]"'<>|`, r)
}

// validateHostPort is ValidateHost for a text that may end with a port.
func validateHostPort(key, text string) error {
	host, port, err := net.SplitHostPort(text)
	if err != nil {
		return ValidateHost(key, text)
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || n < 1 || host == "" {
		return detailError(key, shorttext.Sanitize(text), "a host or host:port")
	}
	return ValidateHost(key, host)
}

// isAbsolute reports whether a path is absolute on some system: an endpoint does not know which system
// a check is for.
func isAbsolute(path string) bool {
	isLetter := func(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }
	return strings.HasPrefix(path, "/") || strings.HasPrefix(path, `\\`) ||
		len(path) >= 3 && isLetter(path[0]) && path[1] == ':' && (path[2] == '\\' || path[2] == '/')
}
