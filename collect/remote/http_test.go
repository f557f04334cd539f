package remote

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"crypto/tls"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"virgo/schedule"
)

// servePage serves a handler over http; serveTLS serves it over https with HTTP/2.
func servePage(t testing.TB, h http.HandlerFunc) *httptest.Server {
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s
}

func serveTLS(t testing.TB, c tls.Certificate, h http.HandlerFunc) *httptest.Server {
	s := httptest.NewUnstartedServer(h)
	s.TLS = &tls.Config{Certificates: []tls.Certificate{c}}
	s.EnableHTTP2 = true
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.StartTLS()
	t.Cleanup(s.Close)
	return s
}

func TestHTTPRequestFromDetails(t *testing.T) {
	var got string
	s := servePage(t, func(w http.ResponseWriter, r *http.Request) {
		payload, _ := io.ReadAll(r.Body)
		got = fmt.Sprintf("%s %s %s %s %s %s %q", r.Method, r.Host, r.URL.RequestURI(), r.Header.Get("X-Number"), r.Header.Get("User-Agent"), r.Header.Get("Accept-Encoding"), payload)
		w.WriteHeader(http.StatusTeapot)
		fmt.Fprint(w, "short and stout")
	})
	r := runType(t, "remote.http", schedule.Details{
		"url": s.URL + "/a%20b?c=d#e", "method": "post", "payload": "tip me over",
		"headers": map[string]any{"X-Number": 7, "host": "tea.example"},
		"body":    "short and (.*)", "body_matches": map[string]any{"first": "^s\\w+", "not_there": "nothing"},
	})
	wantAvailable(t, r)
	if want := `POST tea.example /a%20b?c=d 7 virgo gzip, deflate "tip me over"`; got != want {
		t.Errorf("sent %s, want %s", got, want)
	}
	wantMetrics(t, r, map[string]string{"code": "418", "bytes": "15", "truncated": "0", "body_match": "stout", "body_match_first": "short",
		"body_match_not_there": "", "tt_resolve": "0", "tt_ssl": "absent", "cert_error": "absent"})
}

func TestHTTPResponsesWithoutBody(t *testing.T) {
	s := servePage(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", "1000000")
		if r.Method == http.MethodGet {
			w.Header().Del("Content-Length")
			w.WriteHeader(http.StatusNoContent)
		}
	})
	wantMetrics(t, runType(t, "remote.http", schedule.Details{"url": s.URL, "method": "HEAD"}), map[string]string{"code": "200", "bytes": "0", "truncated": "0"})
	wantMetrics(t, runType(t, "remote.http", schedule.Details{"url": s.URL}), map[string]string{"code": "204", "bytes": "0", "truncated": "0"})
}

func TestHTTPOverIPv6AndTarget(t *testing.T) {
	l, err := net.Listen("tcp", "[::1]:0")
	if err != nil {
		t.Skip("this host has no IPv6 loopback")
	}
	s := &httptest.Server{Listener: l, Config: &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, r.Host) })}}
	s.Start()
	defer s.Close()
	_, port, _ := net.SplitHostPort(l.Addr().String())
	for _, d := range []schedule.Details{
		{"url": s.URL},
		{"url": s.URL, "target_resolver": "IPv6"},
		{"url": "http://www.example.com:" + port, "target": "::1"},
		{"url": "http://bücher.example:" + port, "target": "[::1]"},
	} {
		d["body"] = ".*"
		r := runType(t, "remote.http", d)
		wantAvailable(t, r)
		host := strings.TrimPrefix(strings.Replace(d["url"].(string), "bücher", "xn--bcher-kva", 1), "http://")
		wantMetrics(t, r, map[string]string{"code": "200", "body_match": host})
	}
	// An alias that is an IP address is used; another one is not.
	check := schedule.Check{Details: schedule.Details{"url": "http://www.example.com:" + port}, TargetAlias: "::1", Timeout: 10 * time.Second}
	wantAvailable(t, runCheck(t, typeNamed(t, Options{}, "remote.http"), check))
	check = schedule.Check{Details: schedule.Details{"url": s.URL}, TargetAlias: "public0_v4", Timeout: 10 * time.Second}
	wantAvailable(t, runCheck(t, typeNamed(t, Options{}, "remote.http"), check))
	wantUnavailable(t, runType(t, "remote.http", schedule.Details{"url": s.URL, "target_resolver": "IPv4"}),
		"GET http://[::1]:"+port+": address ::1: no suitable address found")
}

func TestHTTPVersions(t *testing.T) {
	s := serveTLS(t, newCertificate(certOptions{}), func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, r.Proto) })
	checkNoGoroutines(t, func() {
		r := runType(t, "remote.http", schedule.Details{"url": s.URL, "body": ".*"})
		wantAvailable(t, r)
		wantMetrics(t, r, map[string]string{"body_match": "HTTP/2.0", "cert_error": ""})
	})
	old := serveTCP(t, "127.0.0.1:0", func(conn net.Conn) {
		readRequest(conn)
		io.WriteString(conn, "HTTP/1.0 200 Fine\r\n\r\nuntil the end")
	})
	r := runType(t, "remote.http", schedule.Details{"url": "http://" + old.address, "body": "until.*"})
	wantAvailable(t, r)
	wantMetrics(t, r, map[string]string{"code": "200", "bytes": "13", "body_match": "until the end"})
}

// encode encodes a body.
func encode(t testing.TB, name string, plain []byte) []byte {
	var b bytes.Buffer
	var w io.WriteCloser
	switch name {
	case "gzip":
		w = gzip.NewWriter(&b)
	case "zlib":
		w = zlib.NewWriter(&b)
	case "bare":
		w, _ = flate.NewWriter(&b, flate.BestCompression)
	default:
		return plain
	}
	if _, err := w.Write(plain); err != nil {
		t.Fatal(err)
	}
	w.Close()
	return b.Bytes()
}

func TestHTTPMatchesDecodedBody(t *testing.T) {
	text := []byte("needle in " + strings.Repeat("hay ", 1000))
	for _, c := range []struct{ header, format string }{{"gzip", "gzip"}, {"X-GZIP", "gzip"}, {"deflate", "zlib"}, {"deflate", "bare"}, {"", "plain"}, {"br", "plain"}} {
		sent := encode(t, c.format, text)
		s := servePage(t, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Encoding", c.header)
			w.Write(sent)
		})
		r := runType(t, "remote.http", schedule.Details{"url": s.URL, "body": `needle in (\w+)`})
		wantAvailable(t, r)
		wantMetrics(t, r, map[string]string{"body_match": "hay", "bytes": fmt.Sprint(len(sent)), "truncated": "0"})
	}
}

func TestHTTPBodyLimits(t *testing.T) {
	bomb := encode(t, "gzip", make([]byte, 10<<20))
	big := bytes.Repeat([]byte("x"), 250_000)
	zipped := encode(t, "gzip", []byte("a body whose end is cut off"))
	s := servePage(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/bomb":
			w.Header().Set("Content-Encoding", "gzip")
			w.Write(bomb)
		case "/announced":
			w.Header().Set("Content-Length", fmt.Sprint(len(big)))
			w.Write(big)
		case "/exact":
			w.Write(big[:maxBodyBytes])
		case "/endless":
			for {
				if _, err := w.Write(big); err != nil {
					return
				}
			}
		case "/garbage":
			w.Header().Set("Content-Encoding", "gzip")
			fmt.Fprint(w, "this is no gzip")
		case "/half":
			w.Header().Set("Content-Encoding", "gzip")
			w.Write(zipped[:len(zipped)-6])
		}
	})
	for path, want := range map[string]map[string]string{
		"/bomb":      {"bytes": fmt.Sprint(len(bomb)), "body_match": "\ufffd"},
		"/announced": {"bytes": "100000", "truncated": "150000", "body_match": "x"},
		"/exact":     {"bytes": "100000", "truncated": "0"},
		"/endless":   {"bytes": "100000", "truncated": "1"},
	} {
		r := runType(t, "remote.http", schedule.Details{"url": s.URL + path, "body": "."})
		if path == "/bomb" {
			r = runType(t, "remote.http", schedule.Details{"url": s.URL + path, "body": "\x00"})
		}
		wantAvailable(t, r)
		wantMetrics(t, r, want)
	}
	for _, path := range []string{"/garbage", "/half"} {
		wantUnavailable(t, runType(t, "remote.http", schedule.Details{"url": s.URL + path, "body": "."}), "reading the body: the body is not gzip, as its header says")
	}
	// Without a pattern nothing is decoded.
	wantAvailable(t, runType(t, "remote.http", schedule.Details{"url": s.URL + "/garbage"}))
}

func TestHTTPWrongDetails(t *testing.T) {
	for _, c := range []struct {
		details schedule.Details
		status  string
	}{
		{schedule.Details{}, "Missing url parameter"},
		{schedule.Details{"url": "ftp://example.com"}, `detail "url" is not a URL of http or https`},
		{schedule.Details{"url": "https://user:geheim@exa mple/"}, `detail "url" is not a URL such as https://www.example.com/path`},
		{schedule.Details{"url": "www.example.com"}, `detail "url" is not a URL such as https://www.example.com/path`},
		{schedule.Details{"url": "http://"}, `detail "url" is not a URL such as https://www.example.com/path`},
		{schedule.Details{"url": []any{1}}, `detail "url" is "a list or an object", not a text`},
		{schedule.Details{"url": "http://x", "method": "GET IT"}, `detail "method" is "GET IT", not a method such as GET, HEAD or POST`},
		{schedule.Details{"url": "http://x", "method": "connect"}, `detail "method" is "connect", not a method such as GET, HEAD or POST`},
		{schedule.Details{"url": "http://x", "headers": "Accept"}, `detail "headers" is "a text", not an object`},
		{schedule.Details{"url": "http://x", "headers": map[string]any{"Authorization: Bearer geheim": ""}}, `detail "headers" has an invalid header name`},
		{schedule.Details{"url": "http://x", "headers": map[string]any{"a": "geheim\r\nHost: evil"}}, `detail "headers" has an invalid value for "a"`},
		{schedule.Details{"url": "http://x", "body": "("}, `detail "body" is "(", not a regular expression (RE2)`},
		{schedule.Details{"url": "http://x", "body_matches": map[string]any{"a.b": "x"}}, `detail "body_matches" is "a.b", not an object whose keys are letters, digits, _ and -`},
		{schedule.Details{"url": "http://x", "body_matches": map[string]any{"a": "["}}, `detail "body_matches" is "[", not a regular expression (RE2)`},
		{schedule.Details{"url": "http://x", "follow_redirects": "perhaps"}, `detail "follow_redirects" is "perhaps", not true or false`},
		{schedule.Details{"url": "http://x", "proxy": "gopher://u:geheim@p"}, `detail "proxy" is a URL of "gopher", not of http, https or socks5`},
		{schedule.Details{"url": "http://x", "proxy": "http://u:geheim@ /"}, `detail "proxy" is neither "agent" nor a URL such as http://proxy.example.com:3128`},
		{schedule.Details{"url": "http://x", "proxy": "agent", "target": "127.0.0.1"}, `detail "target" cannot be used with a proxy, which resolves the host itself`},
		{schedule.Details{"url": "http://x", "target": "a/b"}, `detail "target" is "a/b", not a host name or an IP address`},
		{schedule.Details{"url": "http://x", "target_resolver": "IPv5"}, `detail "target_resolver" is "IPv5", not IPv4 or IPv6`},
		{schedule.Details{"url": "http://x", "auth_user": []any{}}, `detail "auth_user" is "a list or an object", not a text`},
	} {
		r := runType(t, "remote.http", c.details)
		wantUnavailable(t, r, c.status)
		if strings.Contains(r.Status, "geheim") {
			t.Errorf("the status contains a secret: %s", r.Status)
		}
	}
}

// TestHTTPQueryWithASpace: a space in a query must not split the request line.
func TestHTTPQueryWithASpace(t *testing.T) {
	s := servePage(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/from" {
			w.Header().Set("Location", "/to?c d HTTP/1.1")
			w.WriteHeader(http.StatusFound)
			return
		}
		fmt.Fprint(w, r.RequestURI)
	})
	for url, want := range map[string]string{"/?a b HTTP/1.1": "/?a%20b%20HTTP/1.1", "/from": "/to?c%20d%20HTTP/1.1"} {
		r := runType(t, "remote.http", schedule.Details{"url": s.URL + url, "body": ".*"})
		wantAvailable(t, r)
		wantMetrics(t, r, map[string]string{"body_match": want, "code": "200"})
	}
}
