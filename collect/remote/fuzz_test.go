package remote

import (
	"context"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/miekg/dns"
	"golang.org/x/net/ipv4"

	"virgo/schedule"
)

func FuzzReadHTTPRequest(f *testing.F) {
	f.Add("https://u:p@www.example.com:8443/a?b=c#d", "POST", "X-A", "b", "a(b)", "http://proxy:3128", "::1")
	f.Add("http://[fe80::1%25eth0]/", "get", "Host", "x", "", "agent", "")
	f.Add("http://bücher.example", "", "", "", "(?i)x", "", "IPv6")
	f.Fuzz(func(t *testing.T, address, method, header, headerValue, pattern, proxy, target string) {
		q, err := readHTTPRequest(schedule.Check{Details: schedule.Details{
			"url": address, "method": method, "headers": map[string]any{header: headerValue}, "body": pattern, "proxy": proxy, "target": target,
			"auth_user": "jo", "auth_password": "geheim",
		}}, nil)
		if err != nil {
			if strings.Contains(err.Error(), "geheim") && !strings.Contains(address+method+header+pattern+target, "geheim") {
				t.Fatalf("the error contains a secret: %v", err)
			}
			return
		}
		if q.url.User != nil || q.url.Hostname() == "" || q.login != (login{"jo", "geheim"}) {
			t.Fatalf("%+v", q)
		}
		m := httpMessage{url: q.url, method: q.method, headers: q.headers}
		if r, err := m.request(t.Context()); err == nil && r.URL.User != nil {
			t.Fatalf("%+v", r)
		}
	})
}

func FuzzChallenges(f *testing.F) {
	f.Add(`Digest realm="r, \"s\"", nonce="n", qop="auth-int, auth", algorithm=SHA-256, Basic realm="x"`)
	f.Add("Negotiate YII==, NTLM")
	f.Fuzz(func(t *testing.T, value string) {
		if all := challenges([]string{value, value}); len(all) > maxChallenges {
			t.Fatalf("%d challenges", len(all))
		}
		u, _ := url.Parse("http://example.com/a?b")
		line, err := login{"jo", "geheim"}.authorize(httpMessage{url: u, method: "GET"}, http.Header{"Www-Authenticate": {value}})
		if err == nil && len(line) > maxAuthorizationBytes || strings.ContainsAny(line, "\r\n\x00") || strings.Contains(line, "geheim") {
			t.Fatalf("%q, %v", line, err)
		}
	})
}

func FuzzRedirected(f *testing.F) {
	f.Add("http://a/b", "../c", 302)
	f.Add("https://a/", "//u:p@b/", 307)
	f.Add("https://a/", "//u:p@b/", 302)
	f.Add("https://a/", "//u:p@a/", 307)
	f.Fuzz(func(t *testing.T, at, location string, code int) {
		u, err := url.Parse(at)
		if err != nil || u.Hostname() == "" {
			return
		}
		next, err := httpMessage{url: u, method: "POST", payload: "geheim", headers: []keyValue{{"X", "geheim"}}, authorization: "geheim"}.redirect(u, location, code)
		if err != nil {
			return
		}
		if next.url.User != nil || next.authorization != "" || !sameOrigin(u, next.url) && (next.payload != "" || next.headers != nil) {
			t.Fatalf("%+v", next)
		}
	})
}

func FuzzDecode(f *testing.F) {
	for _, format := range []string{"gzip", "zlib", "bare", "plain"} {
		f.Add(encode(f, format, []byte(strings.Repeat("needle in hay ", 100))), "gzip", false)
		f.Add(encode(f, format, make([]byte, 1<<20)), "deflate", true)
	}
	f.Fuzz(func(t *testing.T, raw []byte, encoding string, truncated bool) {
		if text, err := decode(raw, encoding, truncated); err == nil && len(text) > max(maxBodyBytes, len(raw)) {
			t.Fatalf("%d bytes became %d", len(raw), len(text))
		}
	})
}

func FuzzMatch(f *testing.F) {
	f.Add("a(b)?", []byte("xab"))
	f.Add("a(b)?", []byte("xa"))
	f.Add(".{3}$", []byte("\xff\xfe\xfd"))
	f.Add("(é+)", []byte(strings.Repeat("é", 500)))
	f.Fuzz(func(t *testing.T, text string, body []byte) {
		p, err := compile("body", "body_match", text)
		if err != nil {
			return
		}
		match, found := p.find(t.Context(), body)
		if !utf8.ValidString(match) || len(match) > maxMatchBytes || found != p.expression.Match(body) {
			t.Fatalf("%q, %v", match, found)
		}
	})
}

func FuzzSanitize(f *testing.F) {
	f.Add("héllo\xff\x00", 3)
	f.Fuzz(func(t *testing.T, text string, n int) {
		if n < 0 || n > 1<<16 {
			return
		}
		if got := sanitize(text, n); len(got) > n || !utf8.ValidString(got) {
			t.Fatalf("%q", got)
		}
	})
}

func FuzzParseReply(f *testing.F) {
	token := []byte("0123456789abcdef and the padding")
	f.Add(icmpMessage(f, ipv4.ICMPTypeEchoReply, 3, token), true)
	f.Add([]byte{129, 0, 0, 0}, false)
	four := &prober{to: netip.MustParseAddr("10.0.0.1"), payload: token}
	six := &prober{to: netip.MustParseAddr("::1"), payload: token}
	f.Fuzz(func(t *testing.T, data []byte, old bool) {
		s := six
		if old {
			s = four
		}
		seq, ok := s.parseReply(data, &net.IPAddr{IP: s.to.AsSlice()})
		if ok && (seq < 0 || seq > 0xffff) {
			t.Fatal(seq)
		}
	})
}

func FuzzDNSReply(f *testing.F) {
	for _, line := range []string{"www.example. 60 IN A 10.0.0.2", "www.example. 60 IN CNAME www.example.", "www.example. 60 IN TXT \"a\\200b\" \"c\""} {
		rr, _ := dns.NewRR(line)
		m := new(dns.Msg).SetQuestion("www.example.", dns.TypeA)
		m.Response, m.Answer = true, []dns.RR{rr}
		data, _ := m.Pack()
		f.Add(data, uint16(dns.TypeTXT))
	}
	asked := new(dns.Msg).SetQuestion("www.example.", dns.TypeA)
	f.Fuzz(func(t *testing.T, data []byte, kind uint16) {
		m := new(dns.Msg)
		if m.Unpack(data) != nil {
			return
		}
		isReplyTo(m, asked)
		if text := joinRecords(records(m.Answer, "www.example.", kind)); len(text) > maxAnswerListing || !utf8.ValidString(text) {
			t.Fatalf("%q", text)
		}
	})
}

// TestSlowPattern: matching stops when the context is done.
func TestSlowPattern(t *testing.T) {
	p, err := compile("body", "body_match", strings.Repeat(".{999}", 140)+"$x")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, found := p.find(ctx, []byte(strings.Repeat("x", maxBodyBytes))); found {
		t.Error("a match was found")
	}
}
