package service

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"virgo/collect/collecttest"
	"virgo/schedule"
)

// An nginx is a real server on a port, a port with TLS, and a socket. /closed needs the user watch
// with the password s3cret.
type nginx struct{ port, tlsPort, socket string }

// startNginx starts Debian's nginx; json is its page.json.
func startNginx(t testing.TB, id identity, json string) nginx {
	t.Helper()
	dir := collecttest.Folder(t)
	n := nginx{port: collecttest.FreePort(t), tlsPort: collecttest.FreePort(t), socket: filepath.Join(dir, "socket")}
	collecttest.WriteFile(t, dir, "page.json", json)
	users := collecttest.WriteFile(t, dir, "users", "watch:{PLAIN}s3cret\n")
	collecttest.Nginx(t, dir, "127.0.0.1:"+n.tlsPort, fmt.Sprintf(`
	server {
		listen 127.0.0.1:%[2]s;
		listen 127.0.0.1:%[3]s ssl;
		listen unix:%[4]s;
		ssl_certificate %[5]s;
		ssl_certificate_key %[6]s;
		location /status { stub_status; }
		location /closed { stub_status; auth_basic status; auth_basic_user_file %[7]s; }
		location /forbidden { deny all; }
		location /keyed.json { if ($http_x_key != "k3y of a test") { return 418; } alias %[1]s/page.json; }
	}`, dir, n.port, n.tlsPort, n.socket, id.certFile, id.keyFile, users))
	return n
}

func TestNginx(t *testing.T) {
	t.Parallel()
	id := newIdentity(t)
	n := startNginx(t, id, "{}")
	typ := nginxType()
	plain, secure := "http://127.0.0.1:"+n.port, "https://127.0.0.1:"+n.tlsPort
	url := func(url string) schedule.Details { return schedule.Details{"url": url} }
	t.Run("conform", func(t *testing.T) {
		collecttest.Conform(t, collecttest.Subject{
			Type: typ, Details: url(plain + "/status"), Metrics: parseTable(nginxTable),
			Wrong: []collecttest.Wrong{
				{Details: url(plain + "/none?key=s3cret"), Status: "HTTP status 404 (Not Found) from " + plain + "/none"},
				{Details: url(plain + "/forbidden"), Status: "HTTP status 403 (Forbidden) from " + plain + "/forbidden"},
				{Details: url(plain + "/page.json"), Status: "Answer of " + plain + `/page.json is not that of stub_status: "{}"`},
				{Details: url(plain + "/closed"), Status: "Could not authenticate. Missing password?"},
				{Details: url(strings.Replace(plain, "//", "//watch:wr0ng@", 1) + "/closed"), Status: "Could not authenticate. Invalid password."},
				{Details: with(url(secure+"/status"), schedule.Details{"ca_file": newIdentity(t).certFile}),
					Status: "TLS certificate of 127.0.0.1:" + n.tlsPort + " is not trusted: signed by an unknown authority"},
				{Details: with(url(secure+"/status"), schedule.Details{"ca_file": id.certFile, "server_name": "other.example"}),
					Status: "TLS certificate of 127.0.0.1:" + n.tlsPort + " is not for the name other.example"},
				{Details: url("http://unix:/tmp/none/socket:/status"), Status: "No such socket: /tmp/none/socket"},
				{Details: url("http://unix:" + n.socket + ":/none"), Status: "HTTP status 404 (Not Found) from " + n.socket + ":/none"},
			},
		})
	})
	for name, right := range map[string]schedule.Details{
		"password":            with(url(plain+"/closed"), schedule.Details{"username": "watch", "password": "s3cret"}),
		"password in the URL": url(strings.Replace(plain, "//", "//watch:s3cret@", 1) + "/closed"),
		"authority":           with(url(secure+"/status"), schedule.Details{"ca_file": id.certFile}),
		"unverified":          with(url(secure+"/status"), schedule.Details{"tls_verify": "no"}),
		"socket in the URL":   url("http://unix:" + n.socket + ":/status"),
		"socket":              with(url("http://any.example/status"), schedule.Details{"socket": n.socket}),
	} {
		if seen := metricsOf(t, typ, right); seen["active_connections"].Value == "0" || seen["requests"].Value == "0" {
			t.Errorf("%s: %v", name, seen)
		}
	}
}
