package remote

import (
	"net"
	"strings"
	"testing"

	"github.com/miekg/dns"

	"virgo/collect"
	"virgo/collect/collecttest"
	"virgo/schedule"
)

// TestStatusWithLongName: a status contains the cause, even where a host's name would fill it.
func TestStatusWithLongName(t *testing.T) {
	long := strings.TrimSuffix(strings.Repeat("label.", 41), ".") // 245 bytes
	nobody := serveDNS(t, func(w dns.ResponseWriter, r *dns.Msg) {
		m := new(dns.Msg).SetReply(r)
		m.Rcode = dns.RcodeNameError
		if r.Question[0].Qtype == dns.TypeMX {
			m.Rcode = dns.RcodeRefused
		}
		w.WriteMsg(m)
	})
	_, port, _ := net.SplitHostPort("127.0.0.1:" + collecttest.FreePort(t))
	for _, c := range []struct {
		kind    string
		details schedule.Details
		cause   string
	}{
		{"remote.http", schedule.Details{"url": "http://" + long + ":" + port + "/", "target": "127.0.0.1"}, "connection refused"},
		{"remote.tcp", schedule.Details{"target": long + ".invalid", "port": port}, ""},
		{"remote.ping", schedule.Details{"target": long + ".invalid"}, ""},
		{"remote.dns", schedule.Details{"query": long, "server": nobody}, "(NXDOMAIN)"},
		{"remote.dns", schedule.Details{"query": long, "record_type": "MX", "server": nobody}, "returned REFUSED"},
		{"remote.dns", schedule.Details{"query": "x", "server": long + ".invalid:5353"}, ""},
	} {
		r := runType(t, c.kind, c.details)
		if c.cause == "" { // what the system's resolver says differs
			_, c.cause, _ = strings.Cut(r.Status, ": ")
		}
		if r.State != collect.Unavailable || c.cause == "" || !strings.Contains(r.Status, c.cause) || len(r.Status) >= collect.MaxStatusRunes {
			t.Errorf("%s: %s %q", c.kind, r.State, r.Status)
		}
	}
}
