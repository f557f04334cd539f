package remote

import (
	"net"
	"net/http"
	"testing"

	"github.com/miekg/dns"

	"virgo/collect"
	"virgo/schedule"
)

// Names in a domain that the owner allows resolve to the metadata service, a link-local address and this
// host's own services, at once or after a redirect. Nobody there is connected to.
func TestEndpointCannotReachAddressesByTheirNames(t *testing.T) {
	if !rerunInOwnNetwork(t) {
		return
	}
	for _, address := range []string{"169.254.169.254/32", "169.254.7.7/32", "100.100.100.200/32", "192.0.2.5/32", "fd00:ec2::254/128"} {
		ip(t, "addr add "+address+" dev lo nodad")
	}
	setResolvConf(t, "nameserver 127.0.0.1\n")
	handlers := map[string]dns.HandlerFunc{}
	for name, record := range map[string]string{
		"www": "A 192.0.2.5", "here": "A 127.0.0.1", "metadata": "A 169.254.169.254", "link": "A 169.254.7.7", "alibaba": "A 100.100.100.200",
		"six": "AAAA fd00:ec2::254", "mapped": "AAAA ::ffff:169.254.169.254", "local": "A 127.0.0.1", "local6": "AAAA ::1",
		"zero": "A 0.0.0.0",
	} {
		handlers[name+".example.com."] = answerRecords(t, name+".example.com. 60 IN "+record)
	}
	if err := serveDNSOn(t, "127.0.0.1:53", func(w dns.ResponseWriter, r *dns.Msg) {
		if h := handlers[r.Question[0].Name]; h != nil {
			h(w, r)
			return
		}
		w.WriteMsg(new(dns.Msg).SetRcode(r, dns.RcodeNameError))
	}); err != nil {
		t.Fatal(err)
	}
	serve := func(address string) *recordingSite {
		s := &recordingSite{}
		l, err := net.Listen("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		server := &http.Server{Handler: s}
		go server.Serve(l)
		t.Cleanup(func() { server.Close() })
		return s
	}
	site, hidden := serve("192.0.2.5:80"), map[string]*recordingSite{}
	for _, address := range []string{"169.254.169.254:80", "169.254.7.7:80", "100.100.100.200:80", "[fd00:ec2::254]:80", "127.0.0.1:80", "[::1]:80"} {
		hidden[address] = serve(address)
	}
	const pages = "  - {type: remote.http, url: ['http://*.example.com/**', 'http://other.example.net/**']}\n"
	const ports = "  - {type: remote.tcp, target: '*.example.com', port: any, send_body: any}\n"
	for _, name := range []string{"metadata", "link", "alibaba", "six", "mapped", "local", "local6", "zero"} {
		host := name + ".example.com"
		wantRefused(t, host, runGuarded(t, pages, "remote.http", schedule.Details{"url": "http://" + host + "/"}))
		wantRefused(t, host, runGuarded(t, pages, "remote.http", schedule.Details{"url": "http://www.example.com/ok/to?http://" + host + "/"}))
		wantRefused(t, host, runGuarded(t, ports, "remote.tcp", schedule.Details{"target": host, "port": 80, "send_body": "SET a b"}))
	}
	for address, s := range hidden {
		if got := s.taken(); got != "" {
			t.Errorf("%s got requests: %s", address, got)
		}
	}
	site.taken()

	wantAvailable(t, runGuarded(t, pages, "remote.http", schedule.Details{"url": "http://www.example.com/ok/to?http://www.example.com/x"}))
	if got := site.taken(); got != "www.example.com/ok/to www.example.com/x" {
		t.Error(got)
	}
	wantAvailable(t, runGuarded(t, ports, "remote.tcp", schedule.Details{"target": "www.example.com", "port": 80}))
	// Names and addresses that the owner has spelled out.
	for _, test := range []struct{ rule, url string }{
		{"'http://here.example.com/**'", "http://here.example.com/"},
		{"any", "http://here.example.com/"},
		{"any", "http://127.0.0.1/"},
		{"['http://*.example.com/**', 'http://127.0.0.1/**']", "http://here.example.com/"},
		{"'http://169.254.169.254/latest/**'", "http://169.254.169.254/latest/x"},
	} {
		r := runGuarded(t, "  - {type: remote.http, url: "+test.rule+"}\n", "remote.http", schedule.Details{"url": test.url})
		if r.State != collect.Available {
			t.Errorf("%s: %s: %q", test.rule, test.url, r.Status)
		}
	}
}
