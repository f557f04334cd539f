package remote

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os/exec"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"virgo/collect"
	"virgo/collect/collecttest"
	"virgo/schedule"
)

// fileOf writes certificates down as a ca_file has them.
func fileOf(t *testing.T, raws ...[]byte) string {
	t.Helper()
	var all strings.Builder
	for _, raw := range raws {
		pem.Encode(&all, &pem.Block{Type: "CERTIFICATE", Bytes: raw})
	}
	return write(t, t.TempDir(), "ca.pem", all.String())
}

// places is where a server is, for both checks that talk TLS.
func places(t *testing.T, at string, more schedule.Details) map[string]schedule.Details {
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

// Trusted are the authorities of ca_file and no other, and a certificate that stands in it itself.
func TestAuthoritiesOfAFile(t *testing.T) {
	private := newAuthority("Private Test Authority")
	self := certificateFor(wants{self: true})
	const unknown = "certificate is signed by an unknown authority"
	for name, c := range map[string]struct {
		cert  tls.Certificate
		file  string
		name  string
		fault string
	}{
		"private, not given":   {certificateFor(wants{by: &private}), "", "", unknown},
		"private":              {certificateFor(wants{by: &private}), fileOf(t, private.cert.Raw), "", ""},
		"one of two":           {certificateFor(wants{by: &private}), fileOf(t, self.Certificate[0], private.cert.Raw), "", ""},
		"the system's no more": {certificateFor(wants{}), fileOf(t, private.cert.Raw), "", unknown},
		"itself":               {self, fileOf(t, self.Certificate[0]), "", ""},
		"another name":         {certificateFor(wants{by: &private, names: []string{"db.internal"}}), fileOf(t, private.cert.Raw), "", "certificate is not for 127.0.0.1"},
		"the name":             {certificateFor(wants{by: &private, names: []string{"db.internal"}}), fileOf(t, private.cert.Raw), "db.internal", ""},
		"not the name":         {certificateFor(wants{by: &private}), fileOf(t, private.cert.Raw), "db.internal", "certificate is not for db.internal"},
	} {
		t.Run(name, func(t *testing.T) {
			var asked atomic.Value
			s := secure(t, c.cert, func(_ http.ResponseWriter, r *http.Request) {})
			s.TLS.GetConfigForClient = func(h *tls.ClientHelloInfo) (*tls.Config, error) { asked.Store(h.ServerName); return nil, nil }
			for kind, d := range places(t, s.URL, schedule.Details{"ca_file": c.file, "server_name": c.name}) {
				r := looks(t, kind, d)
				available(t, r)
				has(t, r, map[string]string{"cert_error": c.fault})
				if asked.Load() != c.name { // an address is not asked for
					t.Errorf("%s asked for %q, want %q", kind, asked.Load(), c.name)
				}
			}
		})
	}
}

// A certificate is shown to the server of the URL and to nobody that it sends to.
func TestShownCertificate(t *testing.T) {
	clients := newAuthority("Authority of Clients")
	pool := x509.NewCertPool()
	pool.AddCert(clients.cert)
	own := certificateFor(wants{by: &clients, names: []string{"virgo client"}, client: true})
	chain, key := certificateFiles(t, own)
	both := write(t, t.TempDir(), "both.pem", read(t, chain)+read(t, key))
	shown := func(r *http.Request) string {
		if len(r.TLS.PeerCertificates) == 0 {
			return "nobody"
		}
		return r.TLS.PeerCertificates[0].Subject.CommonName
	}
	says := func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, shown(r)) }
	other := secure(t, certificateFor(wants{}), says)
	other.TLS.ClientAuth = tls.RequestClientCert
	s := secure(t, certificateFor(wants{}), func(w http.ResponseWriter, r *http.Request) {
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
			has(t, looks(t, "remote.http", d), map[string]string{"body_match": want, "cert_error": ""})
		}
	}
	strict := secure(t, certificateFor(wants{}), says)
	strict.TLS.ClientAuth, strict.TLS.ClientCAs = tls.RequireAndVerifyClientCert, pool
	for kind, d := range places(t, strict.URL, schedule.Details{"cert_file": both, "body": "virgo client", "send_body": "GET / HTTP/1.0\r\n\r\n"}) {
		d["body_match"] = "virgo client"
		r := looks(t, kind, d)
		available(t, r)
		has(t, r, map[string]string{"body_match": "virgo client"})
	}
}

// Another origin must be who it says, whatever name the check's server goes by.
func TestServerNameStaysWithItsOrigin(t *testing.T) {
	cert := certificateFor(wants{names: []string{"db.internal"}})
	other := secure(t, cert, func(http.ResponseWriter, *http.Request) {})
	s := secure(t, cert, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, other.URL, http.StatusFound) })
	d := schedule.Details{"url": s.URL, "server_name": "db.internal"}
	has(t, looks(t, "remote.http", d), map[string]string{"code": "200", "cert_error": "certificate is not for 127.0.0.1"})
	d["follow_redirects"] = false
	has(t, looks(t, "remote.http", d), map[string]string{"code": "302", "cert_error": ""})
}

// The login goes to a server that ca_file vouches for, and where tls_verify is false to any; the fault is told then too.
func TestLoginByTrust(t *testing.T) {
	private := newAuthority("Private Test Authority")
	s := secure(t, certificateFor(wants{by: &private}), func(w http.ResponseWriter, r *http.Request) {
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
		{schedule.Details{"ca_file": fileOf(t, private.cert.Raw)}, "200", "", "success"},
		{schedule.Details{"tls_verify": "false"}, "200", unknown, "success"},
	} {
		d := places(t, s.URL, c.more)["remote.http"]
		d["auth_user"], d["auth_password"] = "jo", "geheim"
		r := looks(t, "remote.http", d)
		available(t, r)
		has(t, r, map[string]string{"code": c.code, "cert_error": c.fault})
		if r.Status != c.status {
			t.Errorf("%v: %q, want %q", c.more, r.Status, c.status)
		}
	}
}

// A proxy's certificate must be in order by the system's authorities or by those of ca_file, whatever tls_verify says.
func TestProxyByTrust(t *testing.T) {
	private := newAuthority("Private Test Authority")
	chain, key := certificateFiles(t, certificateFor(wants{}))
	s := secure(t, certificateFor(wants{by: &private}), func(http.ResponseWriter, *http.Request) {})
	for name, c := range map[string]struct {
		by *authority
		ok bool
	}{"the system's": {nil, true}, "the file's": {&private, true}, "nobody's": {&authority{}, false}} {
		t.Run(name, func(t *testing.T) {
			if c.by != nil && c.by.cert == nil {
				*c.by = newAuthority("Unknown Test Authority")
			}
			cert := certificateFor(wants{by: c.by})
			cert.Leaf = nil
			proxy, served := relay(t, &cert)
			d := schedule.Details{"url": s.URL, "proxy": "https://ju%25:geheim@" + proxy.address, "ca_file": fileOf(t, private.cert.Raw), "cert_file": chain, "key_file": key, "tls_verify": false}
			if !c.ok {
				fails(t, looks(t, "remote.http", d), "GET "+s.URL+": the proxy: certificate is signed by an unknown authority")
				if served.Load() != 0 {
					t.Error("it was served")
				}
				return
			}
			r := looks(t, "remote.http", d)
			available(t, r)
			has(t, r, map[string]string{"code": "200", "cert_error": ""})
			if served.Load() != 1 {
				t.Errorf("served %d", served.Load())
			}
		})
	}
}

// Files that are none are told by the detail's name.
func TestFilesThatAreNone(t *testing.T) {
	for key, want := range map[string]string{"ca_file": "reading ca_file: no certificate in ", "cert_file": "reading cert_file: "} {
		for kind, d := range places(t, "https://127.0.0.1:1", schedule.Details{key: write(t, t.TempDir(), "none", "secret text")}) {
			r := looks(t, kind, d)
			if r.State != collect.Unavailable || !strings.HasPrefix(r.Status, want) || strings.Contains(r.Status, "secret") {
				t.Errorf("%s: %s %q", kind, r.State, r.Status)
			}
		}
	}
	fails(t, looks(t, "remote.http", schedule.Details{"url": "http://127.0.0.1:1", "tls_verify": "maybe"}), `detail "tls_verify" is "maybe", not true or false`)
}

// By nginx, as a service behind a private authority is set up: it wants a certificate of its clients.
func TestPrivateAuthorityOfNginx(t *testing.T) {
	program := collecttest.Program(t, "nginx", "nginx-light")
	dir, port := folder(t), collecttest.FreePort(t)
	private := newAuthority("Private Test Authority")
	chain, key := certificateFiles(t, certificateFor(wants{by: &private, names: []string{"app.internal"}}))
	mine, mineKey := certificateFiles(t, certificateFor(wants{by: &private, names: []string{"virgo"}, client: true}))
	authorities := fileOf(t, private.cert.Raw)
	conf := fmt.Sprintf(`
daemon off;
pid %[1]s/pid;
error_log stderr;
events {}
http {
	access_log off;
	client_body_temp_path %[1]s;
	proxy_temp_path %[1]s;
	fastcgi_temp_path %[1]s;
	uwsgi_temp_path %[1]s;
	scgi_temp_path %[1]s;
	server {
		listen 127.0.0.1:%[2]s ssl http2;
		ssl_certificate %[3]s;
		ssl_certificate_key %[4]s;
		ssl_client_certificate %[5]s;
		ssl_verify_client on;
		location / { return 200 "$ssl_client_verify $ssl_client_s_dn $ssl_server_name"; }
	}
}
`, dir, port, chain, key, authorities)
	collecttest.Serve(t, exec.Command(program, "-c", write(t, dir, "conf", conf)), collecttest.Answers("tcp", net.JoinHostPort("127.0.0.1", port)))
	at := "https://127.0.0.1:" + port
	d := schedule.Details{"ca_file": authorities, "server_name": "app.internal", "cert_file": mine, "key_file": mineKey,
		"body": "SUCCESS.*", "send_body": "GET / HTTP/1.0\r\n\r\n", "body_match": "SUCCESS.*"}
	for kind, d := range places(t, at, d) {
		r := run(t, typed(t, Options{}, kind), d, 30*time.Second)
		available(t, r)
		has(t, r, map[string]string{"body_match": "SUCCESS CN=virgo,O=virgo app.internal", "cert_error": ""})
	}
	has(t, looks(t, "remote.http", schedule.Details{"url": at}), map[string]string{"code": "400", "cert_error": "certificate is not for 127.0.0.1; certificate is signed by an unknown authority"})
}
