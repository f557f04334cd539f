package policy

import (
	"net/netip"
	"testing"
)

// A name that only a glob allows does not lead to services of this host.
func TestEndpointCannotReachThisHostByAName(t *testing.T) {
	for _, test := range []struct {
		rule, check, host string
		allowed           bool
	}{
		{`{type: remote.tcp, target: '*.example.com', port: any}`, `{"type":"remote.tcp","details":{"target":"a.example.com","port":1}}`, "a.example.com", false},
		{`{type: remote.tcp, target: '/.*\.example\.com/', port: any}`, `{"type":"remote.tcp","details":{"target":"a.example.com","port":1}}`, "a.example.com", false},
		{`{type: remote.tcp, target: a.example.com, port: any}`, `{"type":"remote.tcp","details":{"target":"A.example.com","port":1}}`, "a.example.com", true},
		{`{type: remote.tcp, target: ['*.example.com', '127.*.*.*', '::1', 0.0.0.0], port: any}`, `{"type":"remote.tcp","details":{"target":"a.example.com","port":1}}`, "a.example.com", true},
		{`{type: remote.tcp, target: any, port: any}`, `{"type":"remote.tcp","details":{"target":"a.example.com","port":1}}`, "a.example.com", true},
		{`{type: remote.tcp, target: localhost, port: any}`, `{"type":"remote.tcp","details":{"target":"localhost","port":1}}`, "localhost", true},
		{`{type: remote.http, url: ['http://*.example.com/**', 'http://b.example.com/x']}`, `{"type":"remote.http","details":{"url":"http://a.example.com/"}}`, "a.example.com", false},
		{`{type: remote.http, url: ['http://*.example.com/**', 'http://b.example.com/x']}`, `{"type":"remote.http","details":{"url":"http://a.example.com/"}}`, "b.example.com", true},
		{`{type: agent.redis, host: any}`, `{"type":"agent.redis","details":{"host":"a.example.com"}}`, "a.example.com", true},
		{`{type: agent.redis, port: any}`, `{"type":"agent.redis","details":{"port":1}}`, "localhost", true},
	} {
		g := guard(t, "remote:\n  checks:\n    - "+test.rule+"\n", test.check)
		for _, text := range []string{"127.0.0.1", "127.0.1.1", "0.0.0.0", "::1", "::ffff:127.0.0.1"} {
			err := g.Dial("tcp", test.host, netip.AddrPortFrom(netip.MustParseAddr(text), 80))
			if (err == nil) != test.allowed {
				t.Errorf("%s: %s at %s: %v", test.rule, test.host, text, err)
			}
		}
		if err := g.Dial("tcp", test.host, netip.MustParseAddrPort("192.0.2.1:80")); err != nil {
			t.Errorf("%s: %v", test.rule, err)
		}
	}
}
