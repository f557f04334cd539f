package remote

import (
	"crypto/tls"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/icholy/digest"

	"virgo/schedule"
)

// serveLogin starts a server that asks for a login and counts requests. authorized checks a
// request's login.
func serveLogin(t *testing.T, challenges []string, authorized func(r *http.Request) bool) (url string, requests *int) {
	requests = new(int)
	s := servePage(t, func(w http.ResponseWriter, r *http.Request) {
		*requests++
		if authorized(r) {
			fmt.Fprint(w, "welcome")
			return
		}
		w.Header()["Www-Authenticate"] = challenges
		w.WriteHeader(http.StatusUnauthorized)
	})
	return s.URL, requests
}

// basic checks a basic login.
func basic(r *http.Request) bool {
	user, password, _ := r.BasicAuth()
	return user == "jo" && password == "geheim"
}

func TestHTTPLogin(t *testing.T) {
	digestLogin := func(qop, algorithm string) func(r *http.Request) bool {
		return func(r *http.Request) bool {
			c, err := digest.ParseCredentials(r.Header.Get("Authorization"))
			if err != nil {
				return false
			}
			challenge := &digest.Challenge{Realm: "r", Nonce: "n", Algorithm: algorithm}
			if qop != "" {
				challenge.QOP = []string{qop}
			}
			want, err := digest.Digest(challenge, digest.Options{Method: r.Method, URI: r.RequestURI, Username: "jo", Password: "geheim", Cnonce: c.Cnonce, Count: c.Nc,
				GetBody: r.GetBody})
			return err == nil && c.Response == want.Response && c.URI == r.RequestURI
		}
	}
	for name, c := range map[string]struct {
		challenges []string
		right      func(r *http.Request) bool
	}{
		"basic":             {[]string{`Basic realm="r"`}, basic},
		"basic, lower case": {[]string{`basic realm="r", charset="UTF-8"`}, basic},
		"md5":               {[]string{`Digest realm="r", nonce="n"`}, digestLogin("", "")},
		"md5 qop":           {[]string{`Digest realm="r", nonce="n", qop="auth,auth-int"`}, digestLogin("auth", "MD5")},
		"sha-256":           {[]string{`Digest realm="r", nonce="n", algorithm=SHA-256, qop="auth-int, auth"`}, digestLogin("auth", "SHA-256")},
		"both, one header":  {[]string{`Basic realm="a, b", Digest realm="r", nonce="n", qop="auth"`}, digestLogin("auth", "")},
		"both, two headers": {[]string{`Basic realm="r"`, `Digest realm="r", nonce="n"`}, digestLogin("", "")},
		"unknown digest":    {[]string{`Digest realm="r", nonce="n", algorithm=TOKEN`, `Basic realm="r"`}, basic},
		"among others":      {[]string{`Negotiate, NTLM, Bearer error="x", Basic realm="r"`}, basic},
	} {
		t.Run(name, func(t *testing.T) {
			url, requests := serveLogin(t, c.challenges, c.right)
			details := schedule.Details{"url": url + "/a?b=c", "auth_user": "jo", "auth_password": "geheim", "body": "welcome"}
			r := runType(t, "remote.http", details)
			wantAvailable(t, r)
			wantMetrics(t, r, map[string]string{"code": "200", "body_match": "welcome"})
			if *requests != 2 {
				t.Errorf("%d requests", *requests)
			}
			details["auth_password"] = "wrong"
			wantMetrics(t, runType(t, "remote.http", details), map[string]string{"code": "401"})
			if *requests != 4 {
				t.Errorf("%d requests after a wrong password", *requests)
			}
		})
	}
}

func TestHTTPLoginInTheURL(t *testing.T) {
	url, _ := serveLogin(t, []string{`Basic realm="r"`}, basic)
	wantMetrics(t, runType(t, "remote.http", schedule.Details{"url": strings.Replace(url, "//", "//jo:geheim@", 1)}), map[string]string{"code": "200"})
	// The details override the URL.
	wantMetrics(t, runType(t, "remote.http", schedule.Details{"url": strings.Replace(url, "//", "//jo:wrong@", 1), "auth_user": "jo", "auth_password": "geheim"}), map[string]string{"code": "200"})
}

func TestHTTPLoginOnlyOnRequest(t *testing.T) {
	var sent []string
	s := servePage(t, func(w http.ResponseWriter, r *http.Request) { sent = append(sent, r.Header.Get("Authorization")) })
	wantAvailable(t, runType(t, "remote.http", schedule.Details{"url": s.URL, "auth_user": "jo", "auth_password": "geheim"}))
	if !slices.Equal(sent, []string{""}) {
		t.Errorf("sent %q", sent)
	}
}

func TestHTTPUnsupportedLogin(t *testing.T) {
	for challenge, status := range map[string]string{
		`Negotiate`:                                          "the server asks for a login other than basic or digest",
		`Digest realm="r", nonce="n`:                         "the server's digest challenge is invalid",
		`Digest realm="r", nonce=n, algorithm=X`:             `the server asks for an unsupported digest: algorithm "X"`,
		`Digest realm="r", nonce="n", qop="x"`:               `the server asks for an unsupported digest: algorithm ""`,
		`Digest nonce="` + strings.Repeat("n", 30<<10) + `"`: "the server's digest challenge is too long or not valid in a header",
	} {
		url, requests := serveLogin(t, []string{challenge}, func(*http.Request) bool { return false })
		r := runType(t, "remote.http", schedule.Details{"url": url, "auth_user": "jo", "auth_password": "geheim"})
		wantAvailable(t, r)
		wantMetrics(t, r, map[string]string{"code": "401"})
		if r.Status != "the login is not sent: "+status {
			t.Errorf("status %q", r.Status)
		}
		if *requests != 1 {
			t.Errorf("%.40s: %d requests", challenge, *requests)
		}
	}
	// A 401 without a challenge is a result.
	url, _ := serveLogin(t, nil, func(*http.Request) bool { return false })
	wantMetrics(t, runType(t, "remote.http", schedule.Details{"url": url, "auth_user": "jo"}), map[string]string{"code": "401"})
}

// TestHTTPLoginNeedsTrust: a password is not sent to a server whose certificate is not trusted.
func TestHTTPLoginNeedsTrust(t *testing.T) {
	s := serveTLS(t, newCertificate(certOptions{self: true}), func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "" {
			t.Error("the password was sent")
		}
		w.Header().Set("WWW-Authenticate", `Basic realm="r"`)
		w.WriteHeader(http.StatusUnauthorized)
	})
	r := run(t, typeNamed(t, Options{}, "remote.http"), schedule.Details{"url": s.URL, "auth_user": "jo", "auth_password": "geheim"}, 10*time.Second)
	wantAvailable(t, r)
	wantMetrics(t, r, map[string]string{"code": "401", "cert_error": "certificate is self-signed"})
	if r.Status != "the login is not sent: certificate is self-signed" {
		t.Errorf("status %q", r.Status)
	}
}

// TestHTTPLoginNeedsTrustOnEachConnection: the login is sent on a second connection, whose
// certificate is verified too.
func TestHTTPLoginNeedsTrustOnEachConnection(t *testing.T) {
	good, bad := newCertificate(certOptions{}), newCertificate(certOptions{self: true})
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "" {
			t.Error("the password was sent")
		}
		w.Header().Set("WWW-Authenticate", `Basic realm="r"`)
		w.WriteHeader(http.StatusUnauthorized)
	}))
	var shown atomic.Int32
	s.TLS = &tls.Config{GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
		if shown.Add(1) == 1 {
			return &good, nil
		}
		return &bad, nil
	}}
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.StartTLS()
	defer s.Close()
	url := strings.Replace(s.URL, "127.0.0.1", "localhost", 1) // GetCertificate is only called for a host name
	r := runType(t, "remote.http", schedule.Details{"url": url, "target": "127.0.0.1", "auth_user": "jo", "auth_password": "geheim"})
	wantUnavailable(t, r, "GET "+url+": the login is not sent: certificate is self-signed")
	if shown.Load() != 2 {
		t.Errorf("%d connections", shown.Load())
	}
}

func TestChallenges(t *testing.T) {
	for value, want := range map[string][]string{
		``:                                       nil,
		`Basic realm="a"`:                        {`Basic realm="a"`},
		`Basic realm = "a", x=y`:                 {`Basic realm = "a", x=y`},
		`a b=c, d=e, f, g h="i, j k", l="\", m"`: {"a b=c, d=e", "f", `g h="i, j k", l="\", m"`},
		`x=y, z`:                                 {"z"},
		`,, ,`:                                   nil,
		`Negotiate YII==, Basic realm="x"`:       {"Negotiate YII==", `Basic realm="x"`},
	} {
		if got := challenges([]string{value}); !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", value, got, want)
		}
	}
	if got := challenges([]string{strings.Repeat("a, ", 1000)}); len(got) != maxChallenges {
		t.Errorf("%d challenges", len(got))
	}
}
