package main

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"

	"virgo/cmd/virgo-endpoint/internal/login"
)

// webFlags are those of the page.
type webFlags struct {
	Web              string   `name:"web" env:"VIRGO_ENDPOINT_WEB" placeholder:"ADDRESS" help:"Serve the page there, for example 127.0.0.1:8080, with the HTTP API; any other address than loopback has TLS. Off by default."`
	WebURL           string   `name:"web-url" env:"VIRGO_ENDPOINT_WEB_URL" placeholder:"URL" help:"Address by which people open the page, for links in notifications. Default: that of --web."`
	WebCert          string   `name:"web-cert" type:"path" env:"VIRGO_ENDPOINT_WEB_CERT" placeholder:"FILE" help:"Certificate of the page (PEM, with its chain), read again when it changes. Default: the endpoint's."`
	WebKey           string   `name:"web-key" type:"path" env:"VIRGO_ENDPOINT_WEB_KEY" placeholder:"FILE" help:"Private key of --web-cert."`
	WebACME          []string `name:"web-acme" env:"VIRGO_ENDPOINT_WEB_ACME" placeholder:"NAME" help:"Get certificates for these public names by ACME (Let's Encrypt), whose terms you accept with it. Needs port 443 here, or --web-acme-http."`
	WebACMEHTTP      string   `name:"web-acme-http" env:"VIRGO_ENDPOINT_WEB_ACME_HTTP" placeholder:"ADDRESS" help:"Answer the authority on port 80 there, for example :80; others are led to the page."`
	WebACMEDirectory string   `name:"web-acme-directory" env:"VIRGO_ENDPOINT_WEB_ACME_DIRECTORY" placeholder:"URL" help:"Another authority than Let's Encrypt."`
	WebProxyHeader   string   `name:"web-proxy-header" env:"VIRGO_ENDPOINT_WEB_PROXY_HEADER" placeholder:"HEADER" help:"A reverse proxy logs people in and names them in this header, for example X-Remote-User. Then there are no passwords."`
	WebProxyFrom     []string `name:"web-proxy-from" env:"VIRGO_ENDPOINT_WEB_PROXY_FROM" placeholder:"CIDR" help:"Addresses that the proxy connects from; from others the header is refused."`
	WebProxyRole     string   `name:"web-proxy-role" env:"VIRGO_ENDPOINT_WEB_PROXY_ROLE" placeholder:"ROLE" help:"What those may do whom user list does not name: view, operate or admin. Default: nothing."`
}

// Validate returns what is wrong with the flags.
func (f *webFlags) Validate() error {
	switch {
	case f.Web == "" && (f.WebURL != "" || f.WebCert != "" || f.WebACME != nil || f.WebProxyHeader != ""):
		return errors.New("the flags of the page need --web")
	case (f.WebCert == "") != (f.WebKey == ""):
		return errors.New("--web-cert and --web-key need each other")
	case f.WebCert != "" && f.WebACME != nil:
		return errors.New("--web-cert and --web-acme exclude each other")
	case f.WebACME == nil && (f.WebACMEHTTP != "" || f.WebACMEDirectory != ""):
		return errors.New("--web-acme-http and --web-acme-directory need --web-acme")
	}
	for _, name := range f.WebACME {
		if !strings.Contains(name, ".") || net.ParseIP(name) != nil || strings.ContainsAny(name, ":/*") {
			return fmt.Errorf("--web-acme %q is no public name", name)
		}
	}
	if f.WebURL != "" {
		at, err := url.Parse(f.WebURL)
		if err != nil || at.Scheme != "https" && at.Scheme != "http" || at.Host == "" || strings.Trim(at.Path, "/") != "" || at.RawQuery != "" || at.User != nil || at.Fragment != "" {
			return fmt.Errorf("--web-url %q is no address such as https://monitor.example.com", f.WebURL)
		}
	}
	_, err := f.proxy()
	return err
}

// proxy returns the proxy that logs people in; nil if passwords do.
func (f *webFlags) proxy() (*login.Proxy, error) {
	if f.WebProxyHeader == "" && f.WebProxyFrom == nil && f.WebProxyRole == "" {
		return nil, nil
	}
	p, err := login.NewProxy(f.WebProxyHeader, f.WebProxyFrom, f.WebProxyRole)
	if err != nil {
		return nil, fmt.Errorf("--web-proxy-header, --web-proxy-from and --web-proxy-role: %w", err)
	}
	return p, nil
}
