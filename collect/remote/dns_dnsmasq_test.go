package remote

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"virgo/collect/collecttest"
	"virgo/schedule"
)

// TestDNSWithDnsmasq queries a real server over IPv4 and IPv6.
func TestDNSWithDnsmasq(t *testing.T) {
	program := collecttest.Program(t, "dnsmasq", "dnsmasq-base")
	port := collecttest.FreePort(t)
	conf := filepath.Join(t.TempDir(), "dnsmasq.conf")
	lines := []string{"port=" + port, "listen-address=127.0.0.1,::1", "bind-interfaces", "no-resolv", "no-hosts", "no-daemon", "pid-file=", "user=", "edns-packet-max=512",
		"local=/example.test/", "host-record=www.example.test,10.1.2.3,2001:db8::7", "cname=web.example.test,www.example.test", "mx-host=example.test,mx.example.test,10",
		"txt-record=example.test,\"v=spf1 -all\"", "srv-host=_virgo._tcp.example.test,www.example.test,443,1,2", "caa-record=example.test,0,issue,ca.example.test", "ptr-record=3.2.1.10.in-addr.arpa,www.example.test"}
	for i := range 100 {
		lines = append(lines, fmt.Sprintf("host-record=many.example.test,10.7.0.%d", i))
	}
	if err := os.WriteFile(conf, []byte(strings.Join(lines, "\n")+"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	collecttest.Serve(t, exec.Command(program, "--conf-file="+conf, "--keep-in-foreground", "--log-facility=-"), collecttest.Answers("tcp", "127.0.0.1:"+port))
	for _, c := range []struct{ server, kind, query, answer, count string }{
		{"127.0.0.1", "A", "www.example.test", "10.1.2.3", "1"},
		{"[::1]", "AAAA", "www.example.test", "2001:db8::7", "1"},
		{"127.0.0.1", "A", "web.example.test", "10.1.2.3", "1"},
		{"127.0.0.1", "CNAME", "web.example.test", "www.example.test.", "1"},
		{"127.0.0.1", "MX", "example.test", "10 mx.example.test.", "1"},
		{"127.0.0.1", "TXT", "example.test", `"v=spf1 -all"`, "1"},
		{"127.0.0.1", "SRV", "_virgo._tcp.example.test", "1 2 443 www.example.test.", "1"},
		{"127.0.0.1", "CAA", "example.test", `0 issue "ca.example.test"`, "1"},
		{"127.0.0.1", "PTR", "10.1.2.3", "www.example.test.", "1"},
		{"127.0.0.1", "A", "many.example.test", "", "100"}, // more than fit into a datagram
	} {
		r := runType(t, "remote.dns", schedule.Details{"server": c.server + ":" + port, "record_type": c.kind, "query": c.query})
		if r.State != "available" || value(r, "count") != c.count || c.answer != "" && value(r, "answer") != c.answer {
			t.Errorf("%s %s: %s %q, %s records: %s", c.kind, c.query, r.State, r.Status, value(r, "count"), value(r, "answer"))
		}
	}
	server := "127.0.0.1:" + port
	wantUnavailable(t, runType(t, "remote.dns", schedule.Details{"server": server, "query": "none.example.test"}), "no such name: none.example.test. (NXDOMAIN)")
	wantUnavailable(t, runType(t, "remote.dns", schedule.Details{"server": server, "query": "www.example.test", "record_type": "MX"}), "no MX record of www.example.test.")
	wantUnavailable(t, runType(t, "remote.dns", schedule.Details{"server": server, "query": "www.example.com"}), server+" returned REFUSED for www.example.com.")
}
