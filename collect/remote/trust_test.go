package remote

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"virgo/collect"
	"virgo/collect/collecttest"
	"virgo/schedule"
)

// writeCertificates writes a ca_file.
func writeCertificates(t *testing.T, raws ...[]byte) string {
	t.Helper()
	var all strings.Builder
	for _, raw := range raws {
		pem.Encode(&all, &pem.Block{Type: "CERTIFICATE", Bytes: raw})
	}
	return collecttest.WriteFile(t, t.TempDir(), "ca.pem", all.String())
}

// detailsFor returns the details of both types that use TLS, for a server's URL.
func detailsFor(t *testing.T, at string, more schedule.Details) map[string]schedule.Details {
	t.Helper()
	u, err := url.Parse(at)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]schedule.Details{"remote.http": {"url": at}, "remote.tcp": {"target": u.Hostname(), "port": u.Port(), "ssl": true}}
	for _, d := range all {
		for k, v := range more {
			d[k] = v
		}
	}
	return all
}

// TestCAFile: only the authorities in ca_file are trusted, and certificates in it.
func TestCAFile(t *testing.T) {
	private := newAuthority("Private Test Authority")
	self := newCertificate(certOptions{self: true})
	const unknown = "certificate is signed by an unknown authority"
	for name, c := range map[string]struct {
		cert  tls.Certificate
		file  string
		name  string
		fault string
	}{
		"private, not given":   {newCertificate(certOptions{by: &private}), "", "", unknown},
		"private":              {newCertificate(certOptions{by: &private}), writeCertificates(t, private.cert.Raw), "", ""},
		"one of two":           {newCertificate(certOptions{by: &private}), writeCertificates(t, self.Certificate[0], private.cert.Raw), "", ""},
		"the system's no more": {newCertificate(certOptions{}), writeCertificates(t, private.cert.Raw), "", unknown},
		"itself":               {self, writeCertificates(t, self.Certificate[0]), "", ""},
		"another name":         {newCertificate(certOptions{by: &private, names: []string{"db.internal"}}), writeCertificates(t, private.cert.Raw), "", "certificate is not for 127.0.0.1"},
		"the name":             {newCertificate(certOptions{by: &private, names: []string{"db.internal"}}), writeCertificates(t, private.cert.Raw), "db.internal", ""},
		"not the name":         {newCertificate(certOptions{by: &private}), writeCertificates(t, private.cert.Raw), "db.internal", "certificate is not for db.internal"},
	} {
		t.Run(name, func(t *testing.T) {
			var asked atomic.Value
			s := serveTLS(t, c.cert, func(_ http.ResponseWriter, r *http.Request) {})
			s.TLS.GetConfigForClient = func(h *tls.ClientHelloInfo) (*tls.Config, error) { asked.Store(h.ServerName); return nil, nil }
			for kind, d := range detailsFor(t, s.URL, schedule.Details{"ca_file": c.file, "server_name": c.name}) {
				r := runType(t, kind, d)
				wantAvailable(t, r)
				wantMetrics(t, r, map[string]string{"cert_error": c.fault})
				if asked.Load() != c.name { // an IP address is not sent
					t.Errorf("%s asked for %q, want %q", kind, asked.Load(), c.name)
				}
			}
		})
	}
}

// TestClientCertificate: a client certificate is used for the URL's origin, not for others after a
// redirect.
func TestClientCertificate(t *testing.T) {
	clients := newAuthority("Authority of Clients")
	pool := x509.NewCertPool()
	pool.AddCert(clients.cert)
	own := newCertificate(certOptions{by: &clients, names: []string{"virgo client"}, client: true})
	chain, key := certificateFiles(t, own)
	both := collecttest.WriteFile(t, t.TempDir(), "both.pem", read(t, chain)+read(t, key))
	shown := func(r *http.Request) string {
		if len(r.TLS.PeerCertificates) == 0 {
			return "nobody"
		}
		return r.TLS.PeerCertificates[0].Subject.CommonName
	}
	says := func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, shown(r)) }
	other := serveTLS(t, newCertificate(certOptions{}), says)
	other.TLS.ClientAuth = tls.RequestClientCert
	s := serveTLS(t, newCertificate(certOptions{}), func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/away":
			http.Redirect(w, r, other.URL, http.StatusFound)
		case "/here":
			http.Redirect(w, r, "/", http.StatusFound)
		default:
			says(w, r)
		}
	})
	s.TLS.ClientAuth = tls.RequestClientCert
	for _, d := range []schedule.Details{{"cert_file": chain, "key_file": key}, {"cert_file": both}} {
		for path, want := range map[string]string{"/": "virgo client", "/here": "virgo client", "/away": "nobody"} {
			d["url"], d["body"] = s.URL+path, ".*"
			wantMetrics(t, runType(t, "remote.http", d), map[string]string{"body_match": want, "cert_error": ""})
		}
	}
	strict := serveTLS(t, newCertificate(certOptions{}), says)
	strict.TLS.ClientAuth, strict.TLS.ClientCAs = tls.RequireAndVerifyClientCert, pool
	for kind, d := range detailsFor(t, strict.URL, schedule.Details{"cert_file": both, "body": "virgo client", "send_body": "GET / HTTP/1.0\r\n\r\n"}) {
		d["body_match"] = "virgo client"
		r := runType(t, kind, d)
		wantAvailable(t, r)
		wantMetrics(t, r, map[string]string{"body_match": "virgo client"})
	}
}

// TestServerNameAppliesToOrigin: server_name does not apply to another origin.
func TestServerNameAppliesToOrigin(t *testing.T) {
	cert := newCertificate(certOptions{names: []string{"db.internal"}})
	other := serveTLS(t, cert, func(http.ResponseWriter, *http.Request) {})
	s := serveTLS(t, cert, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, other.URL, http.StatusFound) })
	d := schedule.Details{"url": s.URL, "server_name": "db.internal"}
	wantMetrics(t, runType(t, "remote.http", d), map[string]string{"code": "200", "cert_error": "certificate is not for 127.0.0.1"})
	d["follow_redirects"] = false
	wantMetrics(t, runType(t, "remote.http", d), map[string]string{"code": "302", "cert_error": ""})
}

// TestLoginByTrust: the login is sent to a server trusted by ca_file; with tls_verify false to any,
// with cert_error reported.
func TestLoginByTrust(t *testing.T) {
	private := newAuthority("Private Test Authority")
	s := serveTLS(t, newCertificate(certOptions{by: &private}), func(w http.ResponseWriter, r *http.Request) {
		if !basic(r) {
			w.Header().Set("Www-Authenticate", `Basic realm="r"`)
			w.WriteHeader(http.StatusUnauthorized)
		}
	})
	const unknown = "certificate is signed by an unknown authority"
	for _, c := range []struct {
		more                schedule.Details
		code, fault, status string
	}{
		{nil, "401", unknown, "the login is not sent: " + unknown},
		{schedule.Details{"tls_verify": true}, "401", unknown, "the login is not sent: " + unknown},
		{schedule.Details{"ca_file": writeCertificates(t, private.cert.Raw)}, "200", "", "success"},
		{schedule.Details{"tls_verify": "false"}, "200", unknown, "success"},
	} {
		d := detailsFor(t, s.URL, c.more)["remote.http"]
		d["auth_user"], d["auth_password"] = "jo", "geheim"
		r := runType(t, "remote.http", d)
		wantAvailable(t, r)
		wantMetrics(t, r, map[string]string{"code": c.code, "cert_error": c.fault})
		if r.Status != c.status {
			t.Errorf("%v: %q, want %q", c.more, r.Status, c.status)
		}
	}
}

// TestProxyByTrust: a proxy's certificate must be trusted by the system or by ca_file, whatever
// tls_verify is.
func TestProxyByTrust(t *testing.T) {
	private := newAuthority("Private Test Authority")
	chain, key := certificateFiles(t, newCertificate(certOptions{}))
	s := serveTLS(t, newCertificate(certOptions{by: &private}), func(http.ResponseWriter, *http.Request) {})
	for name, c := range map[string]struct {
		by *authority
		ok bool
	}{"the system's": {nil, true}, "the file's": {&private, true}, "nobody's": {&authority{}, false}} {
		t.Run(name, func(t *testing.T) {
			if c.by != nil && c.by.cert == nil {
				*c.by = newAuthority("Unknown Test Authority")
			}
			cert := newCertificate(certOptions{by: c.by})
			cert.Leaf = nil
			proxy, served := serveProxy(t, &cert)
			d := schedule.Details{"url": s.URL, "proxy": "https://ju%25:geheim@" + proxy.address, "ca_file": writeCertificates(t, private.cert.Raw), "cert_file": chain, "key_file": key, "tls_verify": false}
			if !c.ok {
				wantUnavailable(t, runType(t, "remote.http", d), "GET "+s.URL+": the proxy: certificate is signed by an unknown authority")
				if served.Load() != 0 {
					t.Error("the request was sent")
				}
				return
			}
			r := runType(t, "remote.http", d)
			wantAvailable(t, r)
			wantMetrics(t, r, map[string]string{"code": "200", "cert_error": ""})
			if served.Load() != 1 {
				t.Errorf("served %d", served.Load())
			}
		})
	}
}

// TestInvalidFiles: the error of an invalid file names the detail.
func TestInvalidFiles(t *testing.T) {
	for key, want := range map[string]string{"ca_file": "reading ca_file: no certificate in ", "cert_file": "reading cert_file: "} {
		for kind, d := range detailsFor(t, "https://127.0.0.1:1", schedule.Details{key: collecttest.WriteFile(t, t.TempDir(), "none", "secret text")}) {
			r := runType(t, kind, d)
			if r.State != collect.Unavailable || !strings.HasPrefix(r.Status, want) || strings.Contains(r.Status, "secret") {
				t.Errorf("%s: %s %q", kind, r.State, r.Status)
			}
		}
	}
	wantUnavailable(t, runType(t, "remote.http", schedule.Details{"url": "http://127.0.0.1:1", "tls_verify": "maybe"}), `detail "tls_verify" is "maybe", not true or false`)
}

// TestPrivateAuthorityWithNginx: nginx has a certificate of a private authority and requires client
// certificates.
func TestPrivateAuthorityWithNginx(t *testing.T) {
	dir, port := collecttest.Folder(t), collecttest.FreePort(t)
	private := newAuthority("Private Test Authority")
	chain, key := certificateFiles(t, newCertificate(certOptions{by: &private, names: []string{"app.internal"}}))
	mine, mineKey := certificateFiles(t, newCertificate(certOptions{by: &private, names: []string{"virgo"}, client: true}))
	authorities := writeCertificates(t, private.cert.Raw)
	collecttest.Nginx(t, dir, "127.0.0.1:"+port, fmt.Sprintf(`
	server {
		listen 127.0.0.1:%[1]s ssl http2;
		ssl_certificate %[2]s;
		ssl_certificate_key %[3]s;
		ssl_client_certificate %[4]s;
		ssl_verify_client on;
		location / { return 200 "$ssl_client_verify $ssl_client_s_dn $ssl_server_name"; }
	}`, port, chain, key, authorities))
	at := "https://127.0.0.1:" + port
	d := schedule.Details{"ca_file": authorities, "server_name": "app.internal", "cert_file": mine, "key_file": mineKey,
		"body": "SUCCESS.*", "send_body": "GET / HTTP/1.0\r\n\r\n", "body_match": "SUCCESS.*"}
	for kind, d := range detailsFor(t, at, d) {
		r := run(t, typeNamed(t, Options{}, kind), d, 30*time.Second)
		wantAvailable(t, r)
		wantMetrics(t, r, map[string]string{"body_match": "SUCCESS CN=virgo,O=virgo app.internal", "cert_error": ""})
	}
	wantMetrics(t, runType(t, "remote.http", schedule.Details{"url": at}), map[string]string{"code": "400", "cert_error": "certificate is not for 127.0.0.1; certificate is signed by an unknown authority"})
}
