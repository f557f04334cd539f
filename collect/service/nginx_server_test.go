package service

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"virgo/collect/collecttest"
	"virgo/schedule"
)

// An nginx is a real server: /status is for all, /closed is for watch with the password s3cret, pages.json is a page
// on its disk. It listens to a port, to one with TLS, and to a socket.
type nginx struct{ port, tlsPort, socket string }

func startNginx(t testing.TB, id identity, json string) nginx {
	t.Helper()
	program := collecttest.Program(t, "nginx", "nginx")
	dir := folder(t)
	n := nginx{port: collecttest.FreePort(t), tlsPort: collecttest.FreePort(t), socket: filepath.Join(dir, "socket")}
	write(t, dir, "page.json", json)
	users := write(t, dir, "users", "watch:{PLAIN}s3cret\n")
	var conf strings.Builder
	if os.Getuid() == 0 {
		conf.WriteString("user www-data;\n")
	}
	fmt.Fprintf(&conf, `
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
		listen 127.0.0.1:%[2]s;
		listen 127.0.0.1:%[3]s ssl;
		listen unix:%[4]s;
		ssl_certificate %[5]s;
		ssl_certificate_key %[6]s;
		root %[1]s;
		location /status { stub_status; }
		location /closed { stub_status; auth_basic status; auth_basic_user_file %[7]s; }
		location /forbidden { deny all; }
		location /keyed.json { if ($http_x_key != "k3y of a test") { return 418; } alias %[1]s/page.json; }
	}
}
`, dir, n.port, n.tlsPort, n.socket, id.certFile, id.keyFile, users)
	collecttest.Serve(t, exec.Command(program, "-c", write(t, dir, "conf", conf.String())), collecttest.Answers("tcp", "127.0.0.1:"+n.tlsPort))
	return n
}

func TestNginx(t *testing.T) {
	t.Parallel()
	id := certify(t)
	n := startNginx(t, id, "{}")
	typ := nginxType()
	plain, secure := "http://127.0.0.1:"+n.port, "https://127.0.0.1:"+n.tlsPort
	url := func(url string) schedule.Details { return schedule.Details{"url": url} }
	t.Run("conform", func(t *testing.T) {
		collecttest.Conform(t, collecttest.Subject{
			Type: typ, Details: url(plain + "/status"), Metrics: told(nginxMetrics),
			Wrong: []collecttest.Wrong{
				{Details: url(plain + "/none?key=s3cret"), Status: "HTTP status 404 (Not Found) from " + plain + "/none"},
				{Details: url(plain + "/forbidden"), Status: "HTTP status 403 (Forbidden) from " + plain + "/forbidden"},
				{Details: url(plain + "/page.json"), Status: "Answer of " + plain + `/page.json is not that of stub_status: "{}"`},
				{Details: url(plain + "/closed"), Status: "Could not authenticate. Missing password?"},
				{Details: url(strings.Replace(plain, "//", "//watch:wr0ng@", 1) + "/closed"), Status: "Could not authenticate. Invalid password."},
				{Details: with(url(secure+"/status"), schedule.Details{"ca_file": certify(t).certFile}),
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
		if seen := figures(t, typ, right); seen["active_connections"].Value == "0" || seen["requests"].Value == "0" {
			t.Errorf("%s: %v", name, seen)
		}
	}
}
