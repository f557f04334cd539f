package api

import (
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"virgo/collect/script"
)

// serve starts a server that answers as its paths say.
func serve(t *testing.T) *httptest.Server {
	t.Helper()
	m := http.NewServeMux()
	m.HandleFunc("/echo", func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		user, password, _ := r.BasicAuth()
		w.Header().Add("X-Two", "a")
		w.Header().Add("X-Two", "b")
		w.WriteHeader(http.StatusAccepted)
		fmt.Fprintf(w, "%s %s %s %s/%s %s %s", r.Method, r.Host, body, user, password, r.Header.Get("X-Own"), r.Header.Get("User-Agent"))
	})
	m.HandleFunc("/to", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Location", r.FormValue("u"))
		w.WriteHeader(map[string]int{"": 302, "307": 307}[r.FormValue("code")])
	})
	m.HandleFunc("/loop", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "/loop", http.StatusMovedPermanently)
	})
	m.HandleFunc("/endless", func(w http.ResponseWriter, _ *http.Request) {
		for block := make([]byte, 64<<10); ; {
			if _, err := w.Write(block); err != nil {
				return
			}
		}
	})
	s := httptest.NewServer(m)
	t.Cleanup(s.Close)
	return s
}

// raw serves one fixed answer to any request, and then says nothing.
func raw(t *testing.T, network, address, text string) net.Listener {
	t.Helper()
	ln, err := net.Listen(network, address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ln.Close() })
	go func() {
		for {
			conn, err := ln.Accept()
			if err != nil {
				return
			}
			t.Cleanup(func() { conn.Close() })
			go func() {
				conn.Read(make([]byte, 1)) // an answer before the request is no answer
				go io.Copy(io.Discard, conn)
				io.WriteString(conn, text)
			}()
		}
	}()
	return ln
}

func TestHTTP(t *testing.T) {
	s, other := serve(t), serve(t)
	host, otherHost := strings.TrimPrefix(s.URL, "http://"), strings.TrimPrefix(other.URL, "http://")
	guard := &allowing{list: []string{"http " + s.URL + "/*", "http " + other.URL + "/echo*", "address 127.0.0.1:*"}}
	rows := []row{
		{code: `local r = http.get("S/echo", {headers={["X-Own"]="7"}, user="u", password="p"}) return r.status, r.body, r.headers["x-two"], r.tls`,
			want: "202 | GET H  u/p 7 virgo | a, b | nil"},
		{code: `return http.request{url="S/echo", method="POST", body="text", headers={["User-Agent"]="x"}}.body`, want: "POST H text /  x"},
		{code: `return http.get("http://a:b@H/echo").body`, want: "GET H  a/b  virgo"},
		{code: `return http.get("S/to?u=/echo", {headers={["X-Own"]="7"}, user="u"}).body`, want: "GET H  u/ 7 virgo"},
		{code: `return http.request{url="S/to?u=/echo", method="POST", body="text"}.body`, want: "GET H  /  virgo"},
		{code: `return http.request{url="S/to?code=307&u=/echo", method="POST", body="text"}.body`, want: "POST H text /  virgo"},
		{code: `return http.get("S/to?u=O/echo", {headers={["X-Own"]="7", ["User-Agent"]="x"}, user="u", password="p"}).body`, want: "GET OH  /  x"},
		{code: `return http.get("S/to?u=http://a:b@OH/echo").body`, want: "GET OH  /  virgo"},
		{code: `return http.request{url="S/to?code=307&u=O/echo", method="POST", body="text"}`, want: "nil | POST S: a redirect of POST to another host, OH"},
		{code: `return http.get("S/to?u=O/secret")`, want: `nil | redirected to GET O: script.test uses URL "O/secret", which it does not declare`},
		{code: `return http.get("S/to?u=http://169.254.169.254/latest")`, want: `nil | redirected to GET http://169.254.169.254: script.test uses URL "http://169.254.169.254/latest", which it does not declare`},
		{code: `return http.get("S/to?u=http://unix:/run/docker.sock:/x")`, want: "nil | GET S: a redirect to what is no URL of http or https"},
		{code: `return http.get("S/to?u=file:///etc/passwd")`, want: "nil | GET S: a redirect to what is no URL of http or https"},
		{code: `return http.get("S/to?u=O/secret", {redirects=0}).status`, want: "302"},
		{code: `return http.get("S/loop")`, want: "nil | GET S: more than 5 redirects"},
		{code: `return http.get("S/endless")`, want: "nil | GET S: the answer has more than 1048576 bytes"},
		{code: `return http.get("O/secret")`, raises: `uses URL "O/secret", which it does not declare`},
		{code: `return pcall(http.get, "O/secret")`, raises: `uses URL "O/secret", which it does not declare`},
		{code: `return http.get("ftp://x/")`, raises: "want a URL of http or https"},
		{code: `return http.get("http:///x")`, raises: "want a URL of http or https"},
		{code: `return http.get("http://u:geheim@x:port/")`, raises: "not a URL: it has a wrong port"},
		{code: `return http.get("http://x/\r\nHost: y")`, raises: "not a URL: it has a control character"},
		{code: `return http.get("S/echo", {headers={["X-A"]="1\r\nHost: y"}})`, raises: `header "X-A": not allowed in HTTP`},
		{code: `return http.get("S/echo", {headers={["X-A\r\nHost"]="y"}})`, raises: `not allowed in HTTP`},
		{code: `return http.get("S/echo", {headers={host="y"}})`, raises: "header host: not for a script to set"},
		{code: `return http.get("S/echo", {headers={["transfer-encoding"]="y"}})`, raises: "not for a script to set"},
		{code: `return http.get("S/echo", {headers={["X-A"]=string.rep("x", 70000)}})`, raises: "headers of more than 65536 bytes"},
		{code: `return http.request{url="S/echo", method="CONNECT"}`, raises: `unknown method "CONNECT"`},
		{code: `return http.request{url="S/echo", method="GET / HTTP/1.1\r\nX: y\r\n"}`, raises: "unknown method"},
		{code: `return http.get("S/echo", {redirects=6})`, raises: "option redirects: want a whole number from 0 to 5"},
		{code: `for i = 1, 257 do http.get("S/echo") end`, raises: "more than 256 connections"},
	}
	for i := range rows {
		for _, text := range []*string{&rows[i].code, &rows[i].want, &rows[i].raises} {
			*text = strings.NewReplacer("O/", other.URL+"/", "OH", otherHost, "GET O:", "GET "+other.URL+":", "S/", s.URL+"/", " S:", " "+s.URL+":", "@H", "@"+host, " H ", " "+host+" ").Replace(*text)
		}
	}
	runRows(t, guard, rows)
}

func TestHTTPS(t *testing.T) {
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "secure") }))
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.StartTLS()
	t.Cleanup(s.Close)
	ca := string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw}))
	guard := &allowing{list: []string{"http *", "tcp *", "address 127.0.0.1:*"}}
	address := strings.TrimPrefix(s.URL, "https://127.0.0.1:")
	plain := serve(t)
	rows := []row{
		{code: `local r = http.get("S/", {insecure=true}) return r.body, r.tls.subject, r.tls.not_after > 0, r.tls.names[1]`, want: "secure | O=Acme Co | true | example.com"},
		{code: `return http.get("S/", {ca=CA}).body`, want: "secure"},
		{code: `return http.get("S/", {ca=CA, server_name="example.com"}).body`, want: "secure"},
		{code: `return http.get("S/", {ca=CA, server_name="other.example"})`, want: "nil | GET S: x509: certificate is valid for example.com, *.example.com, not other.example"},
		{code: `return http.get("S/")`, want: "nil | GET S: the certificate is signed by an unknown authority"},
		{code: `return http.get("S/", {ca="x"})`, raises: "option ca: no certificate in PEM"},
		{code: `return http.get("PLAIN/", {insecure=true})`, want: "nil | GET PLAIN: the server does not speak TLS"},
		{code: `local c = net.tcp("127.0.0.1", PORT, {tls=true, ca=CA, server_name="example.com"}) c:send("GET / HTTP/1.0\r\n\r\n")
			return c:line(), c:certificate().issuer, c:all():match("secure")`, want: "HTTP/1.0 200 OK | O=Acme Co | secure"},
		{code: `return net.tcp("127.0.0.1", PORT, {tls=true})`, want: "nil | connecting to 127.0.0.1:PORT: the certificate is signed by an unknown authority"},
		{code: `local c = net.tcp("127.0.0.1", PORT) local ok = c:starttls{ca=CA} c:send("GET / HTTP/1.0\r\n\r\n") return ok, c:line(), c:certificate().issuer`, want: "true | HTTP/1.0 200 OK | O=Acme Co"},
		{code: `local c = net.tcp("127.0.0.1", PORT) local ok, why = c:starttls() return ok, why, c:send("x")`,
			want: "nil | starting TLS: the certificate is signed by an unknown authority | nil | sending: the connection was closed"},
		{code: `local c = net.tcp("127.0.0.1", PORT, {tls=true, insecure=true}) return c:starttls()`, raises: "starttls is for a TCP connection without TLS"},
		{code: `return net.tcp("127.0.0.1", PORT, {tls=true, cert="x", key="geheim"})`, raises: "options cert and key: want a certificate and its key, in PEM"},
		{code: `return net.tcp("127.0.0.1", PORT, {insecure=true})`, raises: "options of TLS without tls=true"},
	}
	for i := range rows {
		for _, text := range []*string{&rows[i].code, &rows[i].want} {
			*text = strings.NewReplacer("S/", s.URL+"/", "GET S", "GET "+s.URL, "=CA", "=[["+ca+"]]", "PORT", address,
				"PLAIN/", strings.Replace(plain.URL, "http:", "https:", 1)+"/", "GET PLAIN", "GET "+strings.Replace(plain.URL, "http:", "https:", 1)).Replace(*text)
		}
	}
	runRows(t, guard, rows)
}

// What a server sends is bounded and judged, and waited for no longer than the script says.
func TestHostileHTTPServers(t *testing.T) {
	guard := &allowing{list: []string{"http *", "address 127.0.0.1:*"}}
	for answer, want := range map[string]string{
		"":                    "no answer in time",
		"HTTP/1.1 200 OK\r\n": "no answer in time",
		"HTTP/1.1 200 OK\r\nX: " + strings.Repeat("x", maxHeaderBytes+8192) + "\r\n\r\n": "the headers have more than 65536 bytes",
		"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nslow":                               "no answer in time",
		"HTTP/1.1 200 OK\r\nContent-Length: -9\r\n\r\n":                                  "the answer is not HTTP",
		"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx":            "the answer is not HTTP",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n":                    "the answer is not HTTP",
		"SSH-2.0-OpenSSH_9\r\n":                                "the answer is not HTTP",
		strings.Repeat("HTTP/1.1 100 Continue\r\n\r\n", 10000): "the headers have more than 65536 bytes",
	} {
		s := raw(t, "tcp", "127.0.0.1:0", answer)
		place := "http://" + s.Addr().String()
		timeout := time.Hour
		if want == "no answer in time" {
			timeout = 200 * time.Millisecond
		}
		got, err := run(t, guard, fmt.Sprintf(`return http.get(%q, {timeout=%g})`, place+"/", timeout.Seconds()))
		if err != nil || got != "nil | GET "+place+": "+want {
			t.Errorf("%.60q: %s, %v; want %s", answer, got, err, want)
		}
	}
}

// A name that the script may connect to leads to an address that it may not.
func TestResolvedAddressesAreAsked(t *testing.T) {
	s := serve(t)
	u, _ := url.Parse(s.URL)
	guard := &allowing{list: []string{"http *", "tcp *"}}
	for _, code := range []string{`http.get("http://localhost:%s/echo")`, `net.tcp("localhost", %s)`} {
		got, err := run(t, guard, "return "+fmt.Sprintf(code, u.Port()))
		if err == nil || !strings.Contains(err.Error(), `"127.0.0.1:`+u.Port()+`", which it does not declare`) && !strings.Contains(err.Error(), `"[::1]:`) {
			t.Errorf("%s: %s, %v", code, got, err)
		}
	}
}

func TestHTTPOverUnixSockets(t *testing.T) {
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	socket := filepath.Join(dir, "s.sock")
	raw(t, "unix", socket, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nLocation: http://127.0.0.1/\r\n\r\nok")
	if err := os.Symlink("s.sock", filepath.Join(dir, "link")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("elsewhere", filepath.Join(dir, "gone")); err != nil {
		t.Fatal(err)
	}
	only := &allowing{list: []string{"unix " + dir + "/*"}}
	rows := []row{
		{code: `return http.get("http://unix:D/s.sock:/v1/x?y=1").body, http.get("http://unix:D/s.sock").body`, want: "ok | ok"},
		{code: `return http.get("http://unix:D/none:/")`, want: "nil | GET http://unix:D/none: no such file or directory"},
		{code: `return http.get("http://unix::/")`, raises: "want http://unix:/path/of/socket:/path"},
		{code: `return http.get("http://unix:/other.sock:/")`, raises: `uses socket "/other.sock", which it does not declare`},
		{code: `local c = net.unix("D/link") c:send("x") return c:line()`, want: "HTTP/1.1 200 OK"},
		{code: `return net.unix("D/gone")`, want: "nil | connecting to D/gone: no such file or directory"},
		{code: `return net.unix("/other.sock")`, raises: `uses socket "/other.sock", which it does not declare`},
	}
	for i := range rows {
		for _, text := range []*string{&rows[i].code, &rows[i].want} {
			*text = strings.ReplaceAll(*text, "D/", dir+"/")
		}
	}
	runRows(t, only, rows)
}

// A captured answer is taken as one of a server, after the guard agreed.
func TestWebOfAWorld(t *testing.T) {
	guard := &allowing{list: []string{"http https://example.com/*"}}
	world := func(o *script.Options) { o.World.Web = capturedWeb{} }
	runRows(t, guard, []row{
		{code: `local r = http.get("https://example.com/x") return r.status, r.body`, want: "200 | example.com:443 /x"},
		{code: `return http.get("https://example.org/x")`, raises: "which it does not declare"},
	}, world)
}

type capturedWeb struct{}

func (capturedWeb) RoundTrip(r *http.Request, via script.Connection) (*http.Response, error) {
	w := httptest.NewRecorder()
	fmt.Fprintf(w, "%s:%s %s", via.Host, via.Port, r.URL.Path)
	return w.Result(), nil
}
