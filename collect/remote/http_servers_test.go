package remote

import (
	"crypto/md5"
	"crypto/sha1"
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"virgo/collect/collecttest"
	"virgo/schedule"
)

func TestHTTPWithNginx(t *testing.T) {
	dir, port, tlsPort := collecttest.Folder(t), collecttest.FreePort(t), collecttest.FreePort(t)
	text := "needle in " + strings.Repeat("hay ", 5000)
	collecttest.WriteFile(t, dir, "page.html", text)
	collecttest.WriteFile(t, dir, "big.bin", strings.Repeat("x", 300_000))
	users := collecttest.WriteFile(t, dir, "users", "jo:{PLAIN}s3cret\n")
	chain, key := certificateFiles(t, newCertificate(certOptions{}))
	collecttest.Nginx(t, dir, "127.0.0.1:"+tlsPort, fmt.Sprintf(`
	gzip on;
	gzip_types *;
	types { text/html html; }
	server {
		listen 127.0.0.1:%[2]s;
		listen 127.0.0.1:%[3]s ssl http2;
		ssl_certificate %[4]s;
		ssl_certificate_key %[5]s;
		location /closed { auth_basic "who, \"you\"?"; auth_basic_user_file %[6]s; alias %[1]s/page.html; }
		location /moved { return 301 /page.html; }
		location /safer { return 302 https://127.0.0.1:%[3]s/page.html; }
		location /gone { return 444; }
		location /method { return 200 "$request_method $server_protocol $http_x_number"; }
	}`, dir, port, tlsPort, chain, key, users))
	plain, safe := "http://127.0.0.1:"+port, "https://127.0.0.1:"+tlsPort
	for _, base := range []string{plain, safe} {
		r := runType(t, "remote.http", schedule.Details{"url": base + "/page.html", "body": `needle in (\w+)`})
		wantAvailable(t, r)
		wantMetrics(t, r, map[string]string{"code": "200", "body_match": "hay", "truncated": "0"})
		if n := value(r, "bytes"); len(n) > 4 {
			t.Errorf("%s bytes were received, though nginx compresses", n)
		}
		wantMetrics(t, runType(t, "remote.http", schedule.Details{"url": base + "/page.html", "headers": map[string]any{"Accept-Encoding": "identity"}}), map[string]string{"bytes": fmt.Sprint(len(text))})
		wantMetrics(t, runType(t, "remote.http", schedule.Details{"url": base + "/big.bin", "headers": map[string]any{"Accept-Encoding": "identity"}}), map[string]string{"bytes": "100000", "truncated": "200000"})
		wantMetrics(t, runType(t, "remote.http", schedule.Details{"url": base + "/moved", "body": "needle"}), map[string]string{"code": "200", "body_match": "needle"})
		wantMetrics(t, runType(t, "remote.http", schedule.Details{"url": base + "/none"}), map[string]string{"code": "404"})
		login := schedule.Details{"url": base + "/closed", "auth_user": "jo", "auth_password": "s3cret", "body": "needle"}
		wantMetrics(t, runType(t, "remote.http", login), map[string]string{"code": "200", "body_match": "needle"})
		login["auth_password"] = "wrong"
		wantMetrics(t, runType(t, "remote.http", login), map[string]string{"code": "401"})
	}
	wantUnavailable(t, runType(t, "remote.http", schedule.Details{"url": plain + "/gone"}), "GET "+plain+": the server closed the connection without a response")
	wantUnavailable(t, runType(t, "remote.http", schedule.Details{"url": safe + "/gone"}), "GET "+safe+": the server closed the connection without a response")
	if log, err := os.ReadFile(filepath.Join(dir, "access")); err != nil || strings.Count(string(log), "/gone") != 2 {
		t.Errorf("%v; each request must be sent once:\n%s", err, log)
	}
	wantMetrics(t, runType(t, "remote.http", schedule.Details{"url": plain + "/safer"}), map[string]string{"code": "200", "cert_error": ""})
	wantMetrics(t, runType(t, "remote.http", schedule.Details{"url": safe + "/method", "method": "POST", "payload": "x", "headers": map[string]any{"X-Number": 7}, "body": ".*"}), map[string]string{"body_match": "POST HTTP/2.0 7"})
	wantMetrics(t, runType(t, "remote.http", schedule.Details{"url": "https://localhost:" + tlsPort + "/page.html", "target": "127.0.0.1"}), map[string]string{"code": "200", "cert_error": ""})
	wantMetrics(t, runType(t, "remote.tcp", schedule.Details{"target": "127.0.0.1", "port": tlsPort, "ssl": true, "send_body": "HEAD / HTTP/1.0\r\n\r\n", "body_match": `^HTTP/1.1 (\d+)`}), map[string]string{"body_match": "403", "cert_error": ""})
}

func TestHTTPWithApache(t *testing.T) {
	dir, port := collecttest.Folder(t), collecttest.FreePort(t)
	collecttest.WriteFile(t, dir, "page.html", "needle in hay")
	collecttest.WriteFile(t, dir, "basic.html", "needle, basic")
	collecttest.WriteFile(t, dir, "digest.html", "needle, digest")
	sum, hash := sha1.Sum([]byte("s3cret")), md5.Sum([]byte("jo:the realm:s3cret"))
	users := collecttest.WriteFile(t, dir, "users", "jo:{SHA}"+base64.StdEncoding.EncodeToString(sum[:])+"\n")
	digests := collecttest.WriteFile(t, dir, "digests", fmt.Sprintf("jo:the realm:%x\n", hash))
	const modules = "mpm_event authn_core authn_file authz_core authz_user auth_basic auth_digest filter deflate"
	collecttest.Apache(t, dir, "127.0.0.1:"+port, modules, fmt.Sprintf(`
ServerName localhost
Listen 127.0.0.1:%[1]s
SetOutputFilter DEFLATE
<Location /basic.html>
	AuthType Basic
	AuthName basic
	AuthUserFile %[2]s
	Require valid-user
</Location>
<Location /digest.html>
	AuthType Digest
	AuthName "the realm"
	AuthDigestDomain /digest.html
	AuthUserFile %[3]s
	Require valid-user
</Location>
`, port, users, digests))
	base := "http://127.0.0.1:" + port
	for _, way := range []string{"basic", "digest"} {
		for method, match := range map[string]string{"GET": way, "POST": way, "HEAD": ""} {
			d := schedule.Details{"url": base + "/" + way + ".html?a=b%20c", "method": method, "auth_user": "jo", "auth_password": "s3cret", "body": "needle, (.*)"}
			if method == "POST" {
				d["payload"] = "some text"
			}
			r := runType(t, "remote.http", d)
			wantAvailable(t, r)
			wantMetrics(t, r, map[string]string{"code": "200", "body_match": match})
			d["auth_password"] = "wrong"
			r = runType(t, "remote.http", d)
			wantAvailable(t, r)
			wantMetrics(t, r, map[string]string{"code": "401", "body_match": ""})
		}
		wantMetrics(t, runType(t, "remote.http", schedule.Details{"url": base + "/" + way + ".html"}), map[string]string{"code": "401"})
	}
	wantMetrics(t, runType(t, "remote.http", schedule.Details{"url": base + "/page.html", "body": "needle"}), map[string]string{"code": "200", "body_match": "needle"})
}
