package remote

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"virgo/collect"
	"virgo/collect/collecttest"
	"virgo/schedule"
)

// TestInvalidHTTPResponses: what hostile or broken servers send after the request, before they
// close the connection.
func TestInvalidHTTPResponses(t *testing.T) {
	const head = "HTTP/1.1 200 OK\r\n"
	for name, c := range map[string]struct{ response, status string }{
		"nothing":         {"", "the server closed the connection without a response"},
		"no HTTP":         {"SSH-2.0-OpenSSH_9.2 %s\r\n", "the response is not HTTP"},
		"no code":         {"HTTP/1.1 abc %s\r\n\r\n", "the response is not HTTP"},
		"no header":       {head + "%s\r\n\r\n", "the response is not HTTP"},
		"half a head":     {head + "Content-Type: te", "the server closed the connection without a response"},
		"huge header":     {head + "X: " + strings.Repeat("x", 1<<20) + "\r\n\r\n", "the response's headers are longer than 65536 bytes"},
		"many headers":    {head + strings.Repeat("X: y\r\n", 100_000) + "\r\n", "the response's headers are longer than 65536 bytes"},
		"TLS":             {"\x15\x03\x01\x00\x02\x02\x16", "the response is not HTTP"},
		"negative length": {head + "Content-Length: -5\r\n\r\nabc", "the response is not HTTP"},
		"binary":          {"\x00\xff\xfe\x00\x00", "the response is not HTTP"},
	} {
		t.Run(name, func(t *testing.T) {
			s := serveTCP(t, "127.0.0.1:0", func(conn net.Conn) {
				request := readRequest(conn) // which the server may repeat, with its secrets
				response := c.response
				if strings.Contains(response, "%s") {
					response = fmt.Sprintf(response, strings.NewReplacer("\r\n", " ", ":", " ").Replace(request))
				}
				io.WriteString(conn, response)
			})
			checkNoGoroutines(t, func() {
				r := runType(t, "remote.http", schedule.Details{"url": "http://" + s.address, "headers": map[string]any{"X-Secret": "geheim"}})
				wantUnavailable(t, r, "GET http://"+s.address+": "+c.status)
			})
		})
	}
}

func TestIncompleteHTTPBodies(t *testing.T) {
	for name, response := range map[string]string{
		"length":      "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc",
		"chunked":     "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabc",
		"wrong chunk": "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nabc",
	} {
		s := serveTCP(t, "127.0.0.1:0", func(conn net.Conn) { readRequest(conn); io.WriteString(conn, response) })
		r := runType(t, "remote.http", schedule.Details{"url": "http://" + s.address})
		if !strings.HasPrefix(r.Status, "reading the body: ") {
			t.Errorf("%s: %s %q", name, r.State, r.Status)
		}
	}
}

func TestHTTPConnectionRefused(t *testing.T) {
	port := collecttest.FreePort(t)
	wantUnavailable(t, runType(t, "remote.http", schedule.Details{"url": "http://127.0.0.1:" + port + "/?token=geheim"}),
		"GET http://127.0.0.1:"+port+": connection refused")
}

// TestSlowHTTPServers: a check ends at its time limit, at whichever step a server stalls, and
// leaves nothing.
func TestSlowHTTPServers(t *testing.T) {
	drip := func(conn net.Conn, first, more string) {
		readRequest(conn)
		io.WriteString(conn, first)
		sendSlowly(conn, more)
	}
	const limit = 500 * time.Millisecond
	typ := typeNamed(t, Options{}, "remote.http")
	var all sync.WaitGroup
	checkNoGoroutines(t, func() {
		for name, c := range map[string]struct {
			scheme string
			serve  func(net.Conn)
		}{
			"silent":        {"http", discardAll},
			"silent TLS":    {"https", discardAll},
			"slow TLS":      {"https", func(conn net.Conn) { drip(conn, "\x16\x03\x03\x40\x00", "\x02") }},
			"slow headers":  {"http", func(conn net.Conn) { drip(conn, "HTTP/1.1 200 OK\r\nX: ", "x") }},
			"endless hints": {"http", func(conn net.Conn) { drip(conn, "", "HTTP/1.1 103 Early Hints\r\nX: y\r\n\r\n") }},
			"slow body":     {"http", func(conn net.Conn) { drip(conn, "HTTP/1.1 200 OK\r\n\r\n", "x") }},
			"stopped body": {"http", func(conn net.Conn) {
				readRequest(conn)
				io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc")
				discardAll(conn)
			}},
			"takes no bytes": {"http", func(conn net.Conn) {
				conn.(*net.TCPConn).SetReadBuffer(1)
				readRequest(conn)
				<-t.Context().Done()
			}},
		} {
			s := serveTCP(t, "127.0.0.1:0", c.serve)
			details := schedule.Details{"url": c.scheme + "://" + s.address, "payload": strings.Repeat("x", 60<<10), "body": "y"}
			all.Go(func() {
				if r := run(t, typ, details, limit); r.State != collect.Unavailable || r.Status != "check timed out after 0.5s" {
					t.Errorf("%s: %s %q", name, r.State, r.Status)
				}
			})
		}
		all.Wait()
	})
}

func TestHTTPRedirects(t *testing.T) {
	other := servePage(t, func(w http.ResponseWriter, r *http.Request) {
		for _, secret := range []string{"Authorization", "Cookie", "X-Token"} {
			if r.Header.Get(secret) != "" {
				t.Errorf("%s was sent to another origin", secret)
			}
		}
		payload, _ := io.ReadAll(r.Body)
		if len(payload) > 0 {
			t.Errorf("%q was sent to another origin", payload)
		}
		if r.URL.Path == "/asks" {
			w.Header().Set("WWW-Authenticate", `Basic realm="other"`)
			w.WriteHeader(http.StatusUnauthorized)
		}
		fmt.Fprintf(w, "%s at the other", r.Method)
	})
	s := servePage(t, func(w http.ResponseWriter, r *http.Request) {
		code := http.StatusFound
		fmt.Sscanf(r.URL.Query().Get("code"), "%d", &code)
		payload, _ := io.ReadAll(r.Body)
		switch r.URL.Path {
		case "/here":
			http.Redirect(w, r, "there", code)
		case "/there":
			fmt.Fprintf(w, "%s %q %s", r.Method, payload, r.Header.Get("X-Token"))
		case "/loop":
			http.Redirect(w, r, "/loop", code)
		case "/away":
			http.Redirect(w, r, other.URL+"/", code)
		case "/asked":
			http.Redirect(w, r, other.URL+"/asks", code)
		case "/user":
			http.Redirect(w, r, strings.Replace(other.URL, "//", "//u:p@", 1)+"/asks", code)
		case "/ftp":
			w.Header().Set("Location", "ftp://example.com/")
			w.WriteHeader(code)
		case "/bad":
			w.Header().Set("Location", "http://[::1")
			w.WriteHeader(code)
		case "/nowhere":
			w.WriteHeader(code)
		case "/other-code":
			w.Header().Set("Location", "/there")
			w.WriteHeader(http.StatusNotModified)
		}
	})
	host := strings.TrimPrefix(other.URL, "http://")
	for _, c := range []struct{ method, path, payload, code, body, status string }{
		{"GET", "/here", "", "200", `GET "" geheim`, ""},
		{"POST", "/here?code=301", "p", "200", `GET "" geheim`, ""},
		{"POST", "/here?code=303", "p", "200", `GET "" geheim`, ""},
		{"POST", "/here?code=307", "p", "200", `POST "p" geheim`, ""},
		{"PUT", "/here?code=308", "p", "200", `PUT "p" geheim`, ""},
		{"GET", "/away", "", "200", "GET at the other", ""},
		{"POST", "/away", "p", "200", "GET at the other", ""},
		{"DELETE", "/away?code=307", "", "200", "DELETE at the other", ""},
		{"GET", "/asked", "", "401", "GET at the other", ""},
		{"GET", "/user", "", "401", "GET at the other", ""},
		{"GET", "/nowhere", "", "302", "", ""},
		{"GET", "/other-code", "", "304", "", ""},
		{"POST", "/away?code=307", "p", "", "", "redirected to " + host + ", which does not get the payload"},
		{"GET", "/loop", "", "", "", "gave up after 5 redirects"},
		{"GET", "/ftp", "", "", "", `redirected to a URL of "ftp", not of http or https`},
		{"GET", "/bad", "", "", "", "redirected to an invalid URL"},
	} {
		t.Run(c.method+c.path, func(t *testing.T) {
			r := runType(t, "remote.http", schedule.Details{
				"url": s.URL + c.path, "method": c.method, "payload": c.payload, "auth_user": "u", "auth_password": "geheim",
				"headers": map[string]any{"X-Token": "geheim", "Cookie": "geheim"}, "body": ".*",
			})
			if c.status != "" {
				wantUnavailable(t, r, c.status)
				return
			}
			wantAvailable(t, r)
			wantMetrics(t, r, map[string]string{"code": c.code, "body_match": c.body})
		})
	}
	r := runType(t, "remote.http", schedule.Details{"url": s.URL + "/here", "follow_redirects": "false"})
	wantMetrics(t, r, map[string]string{"code": "302"})
}

func TestSameOrigin(t *testing.T) {
	for _, c := range []struct {
		of, to string
		same   bool
	}{
		{"http://a/", "http://A:80/x", true},
		{"https://a/", "https://a:443/", true},
		{"http://a/", "https://a/", true},
		{"https://a/", "http://a/", false},
		{"http://a:8080/", "https://a/", false},
		{"http://a/", "https://a:8443/", false},
		{"http://a/", "http://a:81/", false},
		{"http://a/", "http://b.a/", false},
		{"http://a.b/", "http://b/", false},
	} {
		of, _ := http.NewRequest("GET", c.of, nil)
		to, _ := http.NewRequest("GET", c.to, nil)
		if sameOrigin(of.URL, to.URL) != c.same {
			t.Errorf("from %s to %s: not %v", c.of, c.to, c.same)
		}
	}
}
