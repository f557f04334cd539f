package remote

import (
	"crypto/md5"
	"crypto/sha1"
	"encoding/base64"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"virgo/collect/collecttest"
	"virgo/schedule"
)

// folder is one that servers which run as somebody else may read.
func folder(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "virgo")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

func write(t *testing.T, dir, name, text string) string {
	t.Helper()
	file := filepath.Join(dir, name)
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestHTTPOfNginx(t *testing.T) {
	program := collecttest.Program(t, "nginx", "nginx-light")
	dir, port, tlsPort := folder(t), collecttest.FreePort(t), collecttest.FreePort(t)
	text := "needle in " + strings.Repeat("hay ", 5000)
	write(t, dir, "page.html", text)
	write(t, dir, "big.bin", strings.Repeat("x", 300_000))
	users := write(t, dir, "users", "jo:{PLAIN}s3cret\n")
	chain, key := certificateFiles(t, certificateFor(wants{}))
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
	access_log %[1]s/access;
	client_body_temp_path %[1]s;
	proxy_temp_path %[1]s;
	fastcgi_temp_path %[1]s;
	uwsgi_temp_path %[1]s;
	scgi_temp_path %[1]s;
	gzip on;
	gzip_types *;
	types { text/html html; }
	server {
		listen 127.0.0.1:%[2]s;
		listen 127.0.0.1:%[3]s ssl http2;
		ssl_certificate %[4]s;
		ssl_certificate_key %[5]s;
		root %[1]s;
		location /closed { auth_basic "who, \"you\"?"; auth_basic_user_file %[6]s; alias %[1]s/page.html; }
		location /moved { return 301 /page.html; }
		location /safer { return 302 https://127.0.0.1:%[3]s/page.html; }
		location /gone { return 444; }
		location /method { return 200 "$request_method $server_protocol $http_x_number"; }
	}
}
`, dir, port, tlsPort, chain, key, users)
	collecttest.Serve(t, exec.Command(program, "-c", write(t, dir, "conf", conf.String())), collecttest.Answers("tcp", "127.0.0.1:"+tlsPort))
	plain, safe := "http://127.0.0.1:"+port, "https://127.0.0.1:"+tlsPort
	for _, base := range []string{plain, safe} {
		r := looks(t, "remote.http", schedule.Details{"url": base + "/page.html", "body": `needle in (\w+)`})
		available(t, r)
		has(t, r, map[string]string{"code": "200", "body_match": "hay", "truncated": "0"})
		if n := value(r, "bytes"); len(n) > 4 {
			t.Errorf("%s bytes came, though nginx packs", n)
		}
		has(t, looks(t, "remote.http", schedule.Details{"url": base + "/page.html", "headers": map[string]any{"Accept-Encoding": "identity"}}), map[string]string{"bytes": fmt.Sprint(len(text))})
		has(t, looks(t, "remote.http", schedule.Details{"url": base + "/big.bin", "headers": map[string]any{"Accept-Encoding": "identity"}}), map[string]string{"bytes": "100000", "truncated": "200000"})
		has(t, looks(t, "remote.http", schedule.Details{"url": base + "/moved", "body": "needle"}), map[string]string{"code": "200", "body_match": "needle"})
		has(t, looks(t, "remote.http", schedule.Details{"url": base + "/none"}), map[string]string{"code": "404"})
		login := schedule.Details{"url": base + "/closed", "auth_user": "jo", "auth_password": "s3cret", "body": "needle"}
		has(t, looks(t, "remote.http", login), map[string]string{"code": "200", "body_match": "needle"})
		login["auth_password"] = "wrong"
		has(t, looks(t, "remote.http", login), map[string]string{"code": "401"})
	}
	fails(t, looks(t, "remote.http", schedule.Details{"url": plain + "/gone"}), "GET "+plain+": the server closed the connection without an answer")
	fails(t, looks(t, "remote.http", schedule.Details{"url": safe + "/gone"}), "GET "+safe+": the server broke off without an answer")
	if log, err := os.ReadFile(filepath.Join(dir, "access")); err != nil || strings.Count(string(log), "/gone") != 2 {
		t.Errorf("%v; each request is made once:\n%s", err, log)
	}
	has(t, looks(t, "remote.http", schedule.Details{"url": plain + "/safer"}), map[string]string{"code": "200", "cert_error": ""})
	has(t, looks(t, "remote.http", schedule.Details{"url": safe + "/method", "method": "POST", "payload": "x", "headers": map[string]any{"X-Number": 7}, "body": ".*"}), map[string]string{"body_match": "POST HTTP/2.0 7"})
	has(t, looks(t, "remote.http", schedule.Details{"url": "https://localhost:" + tlsPort + "/page.html", "target": "127.0.0.1"}), map[string]string{"code": "200", "cert_error": ""})
	has(t, looks(t, "remote.tcp", schedule.Details{"target": "127.0.0.1", "port": tlsPort, "ssl": true, "send_body": "HEAD / HTTP/1.0\r\n\r\n", "body_match": `^HTTP/1.1 (\d+)`}), map[string]string{"body_match": "403", "cert_error": ""})
}

func TestHTTPOfApache(t *testing.T) {
	program := collecttest.Program(t, "apache2", "apache2")
	dir, port := folder(t), collecttest.FreePort(t)
	write(t, dir, "page.html", "needle in hay")
	sum, hash := sha1.Sum([]byte("s3cret")), md5.Sum([]byte("jo:the realm:s3cret"))
	users := write(t, dir, "users", "jo:{SHA}"+base64.StdEncoding.EncodeToString(sum[:])+"\n")
	digests := write(t, dir, "digests", fmt.Sprintf("jo:the realm:%x\n", hash))
	var conf strings.Builder
	for module := range strings.FieldsSeq("mpm_event authn_core authn_file authz_core authz_user auth_basic auth_digest filter deflate") {
		fmt.Fprintf(&conf, "LoadModule %s_module /usr/lib/apache2/modules/mod_%s.so\n", module, module)
	}
	if os.Getuid() == 0 {
		conf.WriteString("User www-data\nGroup www-data\n")
	}
	fmt.Fprintf(&conf, `
ServerRoot %[1]s
ServerName localhost
DefaultRuntimeDir %[1]s
PidFile %[1]s/pid
ErrorLog %[1]s/log
DocumentRoot %[1]s
StartServers 1
MinSpareThreads 1
ServerLimit 1
MaxRequestWorkers 25
Listen 127.0.0.1:%[2]s
SetOutputFilter DEFLATE
<Location /basic.html>
	AuthType Basic
	AuthName basic
	AuthUserFile %[3]s
	Require valid-user
</Location>
<Location /digest.html>
	AuthType Digest
	AuthName "the realm"
	AuthDigestDomain /digest.html
	AuthUserFile %[4]s
	Require valid-user
</Location>
`, dir, port, users, digests)
	write(t, dir, "basic.html", "needle, basic")
	write(t, dir, "digest.html", "needle, digest")
	collecttest.Serve(t, exec.Command(program, "-DFOREGROUND", "-f", write(t, dir, "conf", conf.String())),
		collecttest.Answers("tcp", "127.0.0.1:"+port))
	base := "http://127.0.0.1:" + port
	for _, way := range []string{"basic", "digest"} {
		for method, match := range map[string]string{"GET": way, "POST": way, "HEAD": ""} {
			d := schedule.Details{"url": base + "/" + way + ".html?a=b%20c", "method": method, "auth_user": "jo", "auth_password": "s3cret", "body": "needle, (.*)"}
			if method == "POST" {
				d["payload"] = "some text"
			}
			r := looks(t, "remote.http", d)
			available(t, r)
			has(t, r, map[string]string{"code": "200", "body_match": match})
			d["auth_password"] = "wrong"
			r = looks(t, "remote.http", d)
			available(t, r)
			has(t, r, map[string]string{"code": "401", "body_match": ""})
		}
		has(t, looks(t, "remote.http", schedule.Details{"url": base + "/" + way + ".html"}), map[string]string{"code": "401"})
	}
	has(t, looks(t, "remote.http", schedule.Details{"url": base + "/page.html", "body": "needle"}), map[string]string{"code": "200", "body_match": "needle"})
}
