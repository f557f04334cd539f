package config

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"virgo/transport"
)

// A Proxy is a proxy's URL, or nothing. No format prints user or password: as with a [Secret], what it holds
// lies behind a pointer.
type Proxy struct {
	url *string
	// From is the common variable that it was taken from; empty where it is virgo's own setting.
	From string
}

// noProxyAtAll is what a setting says that wants none, whatever the environment says.
const noProxyAtAll = "none"

func proxyAt(url, from string) Proxy {
	if url = strings.TrimSpace(url); url == "" {
		return Proxy{}
	}
	if strings.EqualFold(url, noProxyAtAll) || strings.EqualFold(url, "direct") {
		url = noProxyAtAll
	}
	return Proxy{&url, from}
}

// reference is what was written, none included.
func (p Proxy) reference() string {
	if p.url == nil {
		return ""
	}
	return *p.url
}

// URL gives the proxy's URL with all that is in it; empty where no proxy is to be used.
func (p Proxy) URL() string {
	if u := p.reference(); u != noProxyAtAll {
		return u
	}
	return ""
}

// hasLogin says whether there is a user in it, and so perhaps a password.
func (p Proxy) hasLogin() bool { return strings.Contains(p.reference(), "@") }

// String gives the URL without user and password, "none", or nothing.
func (p Proxy) String() string {
	u := p.URL()
	if u == "" {
		return p.reference()
	}
	parsed, err := transport.ParseProxy(u)
	if err != nil {
		return redacted
	}
	return parsed.String()
}

// GoString gives the same.
func (p Proxy) GoString() string { return p.String() }

// Format prints the same for every verb.
func (p Proxy) Format(f fmt.State, _ rune) { io.WriteString(f, p.String()) }

// MarshalText gives the same, for JSON.
func (p Proxy) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

// SetProxy sets the proxy's URL, or none.
func (c *Config) SetProxy(url string) { c.Proxy = proxyAt(url, "") }

// UseCommonProxy takes what the variables that all programs share say of proxies, where virgo's own settings
// say nothing and there is an endpoint to reach. They are not virgo's, and no run ends for what is wrong with
// them: the session that needs the proxy says so. Load has done it.
func (c *Config) UseCommonProxy() {
	if len(c.Endpoints) == 0 {
		return
	}
	if c.Proxy.url == nil {
		name, value := c.either("HTTPS_PROXY", "https_proxy")
		c.Proxy = proxyAt(value, name)
	}
	if c.NoProxy == nil && c.Proxy.URL() != "" {
		_, value := c.either("NO_PROXY", "no_proxy")
		c.NoProxy = splitList(value)
	}
}

// either gives the first variable that is set, and its value.
func (c *Config) either(names ...string) (name, value string) {
	for _, name = range names {
		if value = strings.TrimSpace(c.getenv(name)); value != "" {
			return name, value
		}
	}
	return "", ""
}

func checkProxy(p Proxy) error {
	u := p.URL()
	switch {
	case u == "":
		return nil
	case len(u) > maxPathBytes:
		return fmt.Errorf("longer than %d bytes", maxPathBytes)
	}
	if _, err := transport.ParseProxy(u); err != nil {
		out := &OwnersError{Err: err, Next: "for example http://proxy.example.com:3128, or none"}
		var h interface{ Hint() string }
		if errors.As(err, &h) && h.Hint() != "" {
			out.Next = h.Hint()
		}
		return out
	}
	return nil
}

// maxNoProxy bounds the hosts that are reached without a proxy.
const maxNoProxy = 256

func checkNoProxy(all []string) error {
	if len(all) > maxNoProxy {
		return fmt.Errorf("%d hosts, at most %d are taken", len(all), maxNoProxy)
	}
	for _, s := range all {
		if err := checkName(s); err != nil {
			return err
		}
		if strings.ContainsAny(s, ", \t") {
			return fmt.Errorf("%.64q is not one host", s)
		}
	}
	return nil
}
