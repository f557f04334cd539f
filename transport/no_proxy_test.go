package transport

import "testing"

func TestNoProxy(t *testing.T) {
	const url = "http://u:p@proxy:3128"
	for _, c := range []struct {
		list, address string
		without       bool
	}{
		{"", "e.example.com:443", false},
		{"*", "e.example.com:443", true},
		{"x, *", "[::1]:443", true},
		{"e.example.com", "e.example.com:443", true},
		{"E.Example.COM.", "e.example.com:443", true},
		{"e.example.com", "E.EXAMPLE.com.:443", true},
		{"example.com", "e.example.com:443", true},
		{".example.com", "e.example.com:443", true},
		{"*.example.com", "a.e.example.com:443", true},
		{".example.com", "example.com:443", true},
		{"example.com", "notexample.com:443", false},
		{".example.com", "notexample.com:443", false},
		{"example.com", "example.com.evil.net:443", false},
		{"com", "example.com:443", true},
		{"e.example.com", "example.com:443", false},
		{"e.example.com:443", "e.example.com:443", true},
		{"e.example.com:443", "e.example.com:50041", false},
		{".example.com:443", "e.example.com:443", true},
		{"*:443", "e.example.com:443", false}, // no form that others know
		{"10.1.2.3", "10.1.2.3:443", true},
		{"10.1.2.3", "10.1.2.30:443", false},
		{"2.3", "10.1.2.3:443", false}, // a suffix of an address is no domain
		{"10.1.2.3:443", "10.1.2.3:443", true},
		{"10.1.2.3:443", "10.1.2.3:80", false},
		{"10.0.0.0/8", "10.255.2.3:443", true},
		{"10.0.0.0/8", "11.0.0.1:443", false},
		{"10.0.0.0/8", "ten.example.com:443", false},
		{"::1", "[::1]:443", true},
		{"[::1]", "[0:0::1]:443", true},
		{"[::1]:443", "[::1]:443", true},
		{"[::1]:443", "[::1]:444", false},
		{"10.1.2.3", "[::ffff:10.1.2.3]:443", true},
		{"2001:db8::/32", "[2001:db8:1::9]:443", true},
		{"2001:db8::/32", "[2001:db9::9]:443", false},
		{"localhost,\t127.0.0.0/8 ,::1", "127.3.2.1:443", true},
		{"a b\nexample.com", "example.com:443", true},
		{",, ,", "example.com:443", false},
		{"/,.,*.,[],:443,a:b:c", "example.com:443", false},
	} {
		got, err := ProxyFor(ProxySettings{URL: url, NoProxy: c.list})(c.address)
		want := url
		if c.without {
			want = ""
		}
		if got != want || err != nil {
			t.Errorf("%q, %s: %q, %v", c.list, c.address, got, err)
		}
	}
	for _, none := range []string{"", " ", "none", "None", "direct", "DIRECT\n"} {
		if ProxyFor(ProxySettings{URL: none}) != nil {
			t.Errorf("%q is a proxy", none)
		}
	}
}

func FuzzNoProxy(f *testing.F) {
	f.Add("example.com,10.0.0.0/8,[::1]:443,*.x", "e.example.com:443")
	f.Add("::1%eth0,/,:", "[fe80::1%eth0]:1")
	f.Fuzz(func(t *testing.T, list, address string) {
		if reachedWithout(list, address) && !reachedWithout(list+",x", address) {
			t.Errorf("one more rule takes %q out of %q", address, list)
		}
	})
}
