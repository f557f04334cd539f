package service

import (
	"crypto/sha1"
	"encoding/base64"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"virgo/collect/collecttest"
	"virgo/schedule"
)

// startApache starts Debian's apache2 on a port, and with TLS on another. /closed needs the user
// watch with the password s3cret.
func startApache(t testing.TB, id identity, extended string) (port, tlsPort string) {
	t.Helper()
	dir := collecttest.Folder(t)
	port, tlsPort = collecttest.FreePort(t), collecttest.FreePort(t)
	sum := sha1.Sum([]byte("s3cret"))
	users := collecttest.WriteFile(t, dir, "users", "watch:{SHA}"+base64.StdEncoding.EncodeToString(sum[:])+"\n")
	const modules = "mpm_event authn_core authn_file authz_core authz_user auth_basic status ssl alias"
	collecttest.Apache(t, dir, "127.0.0.1:"+port, modules, fmt.Sprintf(`
ServerName status.example.com
UseCanonicalName On
ExtendedStatus %[1]s
Listen 127.0.0.1:%[2]s
Listen 127.0.0.1:%[3]s https
Redirect /moved https://user:secret@elsewhere.example/?key=secret
<Location /server-status>
	SetHandler server-status
</Location>
<Location /closed>
	SetHandler server-status
	AuthType Basic
	AuthName status
	AuthUserFile %[4]s
	Require valid-user
</Location>
<VirtualHost 127.0.0.1:%[3]s>
	ServerName status.example.com
	SSLEngine on
	SSLCertificateFile %[5]s
	SSLCertificateKeyFile %[6]s
</VirtualHost>
`, extended, port, tlsPort, users, id.certFile, id.keyFile))
	return port, tlsPort
}

func TestApache(t *testing.T) {
	t.Parallel()
	id := newIdentity(t)
	port, tlsPort := startApache(t, id, "On")
	typ := apacheType()
	plain, secure := "http://127.0.0.1:"+port, "https://127.0.0.1:"+tlsPort
	url := func(url string) schedule.Details { return schedule.Details{"url": url} }
	status := regexp.MustCompile(`^Handling \d+\.\d\d requests per second$`)
	waitUntil(t, "the server has a rate", func() bool { // not in its first second
		return status.MatchString(runCheck(t, typ, url(plain+"/server-status?auto"), time.Minute).Status)
	})
	t.Run("conform", func(t *testing.T) {
		const noURL = `detail "url" is not a URL such as https://www.example.com/path`
		collecttest.Conform(t, collecttest.Subject{
			Type: typ, Details: url(plain + "/server-status?auto"), Metrics: parseTable(apacheTable), Optional: []string{"cpu_load"},
			Status: status.MatchString,
			Wrong: []collecttest.Wrong{
				{Details: url("ftp://127.0.0.1/"), Status: `detail "url" is not a URL of http or https`},
				{Details: url("http://watch:s3cret@[/"), Status: noURL},
				{Details: url("server-status"), Status: noURL},
				{Details: url("http://:80/"), Status: noURL},
				{Details: schedule.Details{"url": []any{}}, Status: `detail "url" is "a list or an object", not a text`},
				{Details: url(plain + "/none"), Status: "HTTP status 404 (Not Found) from " + plain + "/none"},
				{Details: url(plain + "/moved"), Status: "HTTP status 302 (Found) from " + plain + "/moved, which redirects to https://user:xxxxx@elsewhere.example/"},
				{Details: url(plain + "/closed?auto"), Status: "Could not authenticate. Missing password?"},
				{Details: url(strings.Replace(plain, "//", "//watch:wr0ng@", 1) + "/closed?auto"), Status: "Could not authenticate. Invalid password."},
				{Details: with(url(plain+"/closed?auto"), schedule.Details{"username": "watch", "password": "wr0ng"}),
					Status: "Could not authenticate. Invalid password."},
				{Details: with(url(secure+"/server-status?auto"), schedule.Details{"ca_file": newIdentity(t).certFile}),
					Status: "TLS certificate of 127.0.0.1:" + tlsPort + " is not trusted: signed by an unknown authority"},
				{Details: url("https://127.0.0.1:" + port + "/"), Status: "127.0.0.1:" + port + " does not talk TLS"},
				{Details: url("http://127.0.0.1:" + tlsPort + "/"), Status: "HTTP status 400 (Bad Request) from http://127.0.0.1:" + tlsPort + "/"},
			},
		})
	})
	for name, right := range map[string]schedule.Details{
		"password":            with(url(plain+"/closed?auto"), schedule.Details{"username": "watch", "password": "s3cret"}),
		"password in the URL": url(strings.Replace(plain, "//", "//watch:s3cret@", 1) + "/closed?auto"),
		"authority":           with(url(secure+"/server-status?auto"), schedule.Details{"ca_file": id.certFile}),
		"unverified":          with(url(secure+"/server-status?auto"), schedule.Details{"tls_verify": false}),
	} {
		seen := metricsOf(t, typ, right)
		if seen["busy_workers"].Value == "0" || seen["vhost"].Value != "status.example.com" {
			t.Errorf("%s: %v", name, seen)
		}
	}
	html := runCheck(t, typ, url(plain+"/server-status"), time.Minute)
	want := "Answer of " + plain + `/server-status is not that of mod_status, whose address ends in ?auto: "`
	if !strings.HasPrefix(html.Status, want) {
		t.Errorf("%q, want %q", html.Status, want)
	}
}

func TestApacheWithoutExtendedStatus(t *testing.T) {
	t.Parallel()
	port, _ := startApache(t, newIdentity(t), "Off")
	r := runCheck(t, apacheType(), schedule.Details{"url": "http://127.0.0.1:" + port + "/server-status?auto"}, time.Minute)
	if !strings.HasPrefix(r.Status, "success, but this server does not report 4 of 18 metrics: total_accesses,") || len(r.Metrics) == 0 {
		t.Errorf("%q, %v", r.Status, r.Metrics)
	}
}
