package transport

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

func TestParseProxy(t *testing.T) {
	for text, want := range map[string]Proxy{
		"http://p":                       {scheme: "http", host: "p", address: "p:80"},
		"https://p.example/":             {scheme: "https", host: "p.example", address: "p.example:443"},
		"socks5://10.0.0.1":              {scheme: "socks5", host: "10.0.0.1", address: "10.0.0.1:1080"},
		"SOCKS5H://p:9":                  {scheme: "socks5", host: "p", address: "p:9"},
		" p:3128\n":                      {scheme: "http", host: "p", address: "p:3128"},
		"http://[::1]:3128":              {scheme: "http", host: "::1", address: "[::1]:3128"},
		"http://[::1]":                   {scheme: "http", host: "::1", address: "[::1]:80"},
		"u:s3cret@p:1":                   {scheme: "http", host: "p", address: "p:1", user: "u", password: "s3cret", login: true},
		"http://u@p:1":                   {scheme: "http", host: "p", address: "p:1", user: "u", login: true},
		"http://u%40d:a%2Fb%25@p:1/x?y":  {scheme: "http", host: "p", address: "p:1", user: "u@d", password: "a/b%", login: true},
		"http://u:s3:cr@et/with#all@p:1": {scheme: "http", host: "p", address: "p:1", user: "u", password: "s3:cr@et/with#all", login: true},
	} {
		if got, err := ParseProxy(text); got != want || err != nil {
			t.Errorf("%q: got %+v %q %q, %v", text, got.String(), got.user, got.password, err)
		}
	}
	for text, want := range map[string]string{
		"ftp://u:s3cret@p":           "its scheme is none of http, https and socks5",
		"s3cret://p":                 "its scheme is none of http, https and socks5",
		"socks4://u:s3cret@p":        "SOCKS 4 is not supported",
		"http://u:s3cret%zz@p":       "in its user or password, a % is not followed by two hexadecimal digits (a % itself is %25)",
		"http://u:s3cret%0d%0a@p":    "its user or password has an invalid character",
		"http://u%3Av:s3cret@p":      "its user or password has an invalid character",
		"http://u:s3cret":            "its port is not a number from 1 to 65535",
		"http://u:s3cret@p:s3cret":   "its port is not a number from 1 to 65535",
		"http://p:0":                 "its port is not a number from 1 to 65535",
		"http://p:65536":             "its port is not a number from 1 to 65535",
		"http://u:s3cret@":           "it has no host name",
		"http://s3 cret":             "it has no host name",
		"http://p\r\nX: s3cret":      "its port is not a number from 1 to 65535",
		"http://p\r\nX:80":           "it has no host name",
		"http://u:s3cret@a:b:c":      "what follows is not host:port",
		"http://:80":                 "it has no host name",
		"":                           "it has no host name",
		"http://u:s3cret@[::1":       "what follows is not host:port",
		"socks5://u:s3cret@a\x00b:1": "it has no host name",
	} {
		_, err := ParseProxy(text)
		if err == nil || err.Error() != "the proxy cannot be used: its URL is invalid: "+want || !errors.Is(err, ErrProxy) || Temporary(err) {
			t.Errorf("%q: got %v", text, err)
		}
	}
}

func TestPrintedProxyHidesItsPassword(t *testing.T) {
	p, err := ParseProxy("http://user:s3cret@p:1")
	if err != nil {
		t.Fatal(err)
	}
	s := ProxySettings{URL: "http://user:s3cret@p:1", NoProxy: "x"}
	all := fmt.Sprintf("%v %+v %#v %s %v %+v %#v", p, p, p, &p, s, s, s)
	if strings.Contains(all, "s3cret") || strings.Contains(all, "user") {
		t.Error(all)
	}
}

func FuzzParseProxy(f *testing.F) {
	for _, text := range []string{"http://u:p@h:1", "socks5h://[::1]", "https://h/", "u:p%40@h", "://@:", "http://a\r\nb", "http://[fe80::1%25eth0]:1"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		p, err := ParseProxy(text)
		if err != nil {
			for word := range strings.FieldsFuncSeq(text, func(r rune) bool { return strings.ContainsRune(":/@ ", r) }) {
				if len(word) > 12 && strings.Contains(err.Error(), word) {
					t.Errorf("the error repeats %q: %v", word, err)
				}
			}
			return
		}
		if again, err := ParseProxy(p.String()); err != nil || again.address != p.address || again.scheme != p.scheme {
			t.Errorf("%q reads as %v, and that as %v, %v", text, p, again, err)
		}
		if strings.ContainsFunc(p.address+p.user+p.password, isControl) {
			t.Errorf("%q is taken with a control character", text)
		}
	})
}
