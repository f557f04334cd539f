package remote

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/miekg/dns"

	"virgo/collect/collecttest"
	"virgo/schedule"
)

// serveDNS serves a handler over UDP and TCP on the same port, until the test ends.
func serveDNS(t testing.TB, handle dns.HandlerFunc) (address string) {
	t.Helper()
	for range 20 { // the port may be taken for UDP
		address = "127.0.0.1:" + collecttest.FreePort(t)
		if serveDNSOn(t, address, handle) == nil {
			return address
		}
	}
	t.Fatal("no port is free for both UDP and TCP")
	return ""
}

// serveDNSOn serves a handler on an address.
func serveDNSOn(t testing.TB, address string, handle dns.HandlerFunc) error {
	l, err := net.Listen("tcp", address)
	if err != nil {
		return err
	}
	p, err := net.ListenPacket("udp", address)
	if err != nil {
		l.Close()
		return err
	}
	for _, s := range []*dns.Server{{Listener: l, Handler: handle}, {PacketConn: p, Handler: handle}} {
		started := make(chan struct{})
		s.NotifyStartedFunc = func() { close(started) }
		go s.ActivateAndServe()
		<-started
		t.Cleanup(func() { s.Shutdown() })
	}
	return nil
}

// answerRecords answers every query with the records in lines of a zone file.
func answerRecords(t testing.TB, lines ...string) dns.HandlerFunc {
	var all []dns.RR
	for _, line := range lines {
		rr, err := dns.NewRR(line)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, rr)
	}
	return func(w dns.ResponseWriter, r *dns.Msg) {
		m := new(dns.Msg).SetReply(r)
		m.Answer = all
		w.WriteMsg(m)
	}
}

func TestDNSRecords(t *testing.T) {
	many := make([]string, 0, 40)
	for i := range 40 {
		many = append(many, fmt.Sprintf("many.example. 60 IN A 10.0.0.%d", 10+i))
	}
	for name, c := range map[string]struct {
		kind, query, answer string
		count               int
		zone                []string
	}{
		"sorted":         {"A", "www.example", "10.0.0.1, 10.0.0.2", 2, []string{"www.example. 60 IN A 10.0.0.2", "www.example. 60 IN A 10.0.0.1"}},
		"case":           {"a", "WWW.Example.", "10.0.0.1", 1, []string{"www.example. 60 IN A 10.0.0.1"}},
		"IPv6":           {"AAAA", "www.example", "2001:db8::1", 1, []string{"www.example. 60 IN AAAA 2001:db8::1"}},
		"by alias":       {"A", "a.example", "10.0.0.9", 1, []string{"c.example. 60 IN A 10.0.0.9", "b.example. 60 IN CNAME c.example.", "a.example. 60 IN CNAME b.example."}},
		"alias":          {"CNAME", "a.example", "b.example.", 1, []string{"a.example. 60 IN CNAME b.example.", "b.example. 60 IN CNAME c.example."}},
		"alias loop":     {"A", "a.example", "10.0.0.9", 1, []string{"a.example. 60 IN CNAME b.example.", "b.example. 60 IN CNAME a.example.", "a.example. 60 IN A 10.0.0.9"}},
		"others ignored": {"A", "a.example", "10.0.0.1", 1, []string{"a.example. 60 IN A 10.0.0.1", "bank.example. 60 IN A 6.6.6.6", "a.example. 60 CH A 7.7.7.7"}},
		"mail":           {"MX", "example", "10 mx1.example., 20 mx2.example.", 2, []string{"example. 60 IN MX 20 mx2.example.", "example. 60 IN MX 10 mx1.example."}},
		"text":           {"TXT", "example", `"v=spf1 -all" "and, more"`, 1, []string{`example. 60 IN TXT "v=spf1 -all" "and, more"`}},
		"server":         {"NS", "example", "ns.example.", 1, []string{"example. 60 IN NS ns.example."}},
		"authority":      {"SOA", "example", "ns.example. root.example. 7 3600 600 86400 60", 1, []string{"example. 60 IN SOA ns.example. root.example. 7 3600 600 86400 60"}},
		"service":        {"SRV", "_virgo._tcp.example", "1 2 443 a.example.", 1, []string{"_virgo._tcp.example. 60 IN SRV 1 2 443 a.example."}},
		"issuer":         {"CAA", "example", `0 issue "ca.example"`, 1, []string{`example. 60 IN CAA 0 issue "ca.example"`}},
		"pointer":        {"PTR", "10.0.0.1", "a.example.", 1, []string{"1.0.0.10.in-addr.arpa. 60 IN PTR a.example."}},
		"pointer, 6":     {"PTR", "::1", "a.example.", 1, []string{"1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.ip6.arpa. 60 IN PTR a.example."}},
		"not ASCII":      {"A", "bücher.example", "10.0.0.1", 1, []string{"xn--bcher-kva.example. 60 IN A 10.0.0.1"}},
		"the root":       {"NS", ".", "a.root.", 1, []string{". 60 IN NS a.root."}},
		"over TCP":       {"A", "many.example", "", 40, many},
	} {
		t.Run(name, func(t *testing.T) {
			answer := answerRecords(t, c.zone...)
			server := serveDNS(t, func(w dns.ResponseWriter, r *dns.Msg) {
				if _, udp := w.RemoteAddr().(*net.UDPAddr); udp && name == "over TCP" {
					m := new(dns.Msg).SetReply(r)
					m.Truncated = true
					w.WriteMsg(m)
					return
				}
				answer(w, r)
			})
			r := runType(t, "remote.dns", schedule.Details{"query": c.query, "record_type": c.kind, "server": server})
			wantAvailable(t, r)
			wantMetrics(t, r, map[string]string{"count": fmt.Sprint(c.count)})
			if c.answer != "" {
				wantMetrics(t, r, map[string]string{"answer": c.answer})
			}
			if value(r, "tt_resolve") == "absent" {
				t.Error("no tt_resolve")
			}
		})
	}
}

func TestDNSErrors(t *testing.T) {
	for name, c := range map[string]struct {
		code   int
		status string
	}{
		"no record":       {dns.RcodeSuccess, "no A record of www.example."},
		"no name":         {dns.RcodeNameError, "no such name: www.example. (NXDOMAIN)"},
		"failed":          {dns.RcodeServerFailure, "SERVER returned SERVFAIL for www.example."},
		"refused":         {dns.RcodeRefused, "SERVER returned REFUSED for www.example."},
		"not implemented": {dns.RcodeNotImplemented, "SERVER returned NOTIMP for www.example."},
		"not in zone":     {dns.RcodeNotZone, "SERVER returned NOTZONE for www.example."},
		"unknown code":    {15, "SERVER returned code 15 for www.example."},
		"bad cookies":     {dns.RcodeBadCookie, "SERVER returned BADCOOKIE for www.example."},
	} {
		t.Run(name, func(t *testing.T) {
			server := serveDNS(t, func(w dns.ResponseWriter, r *dns.Msg) {
				m := new(dns.Msg).SetRcode(r, c.code)
				if r.IsEdns0() != nil {
					m.SetEdns0(udpBytes, false)
				}
				w.WriteMsg(m)
			})
			wantUnavailable(t, runType(t, "remote.dns", schedule.Details{"query": "www.example", "server": server}), strings.Replace(c.status, "SERVER", server, 1))
		})
	}
}

// TestDNSServerWithoutEDNS: a server without EDNS returns FORMERR, without the question.
func TestDNSServerWithoutEDNS(t *testing.T) {
	good := answerRecords(t, "www.example. 60 IN A 10.0.0.1")
	server := serveDNS(t, func(w dns.ResponseWriter, r *dns.Msg) {
		if r.IsEdns0() == nil {
			good(w, r)
			return
		}
		m := new(dns.Msg).SetRcodeFormatError(r)
		m.Question = nil
		w.WriteMsg(m)
	})
	wantMetrics(t, runType(t, "remote.dns", schedule.Details{"query": "www.example", "server": server}), map[string]string{"answer": "10.0.0.1"})
}

// TestDNSIgnoresForgedReplies: forged and invalid messages before the reply are ignored.
func TestDNSIgnoresForgedReplies(t *testing.T) {
	good := answerRecords(t, "www.example. 60 IN A 10.0.0.1")
	server := serveDNS(t, func(w dns.ResponseWriter, r *dns.Msg) {
		for _, forge := range []func(m *dns.Msg){
			func(m *dns.Msg) { m.Id++ },
			func(m *dns.Msg) { m.Question[0].Name = "bank.example." },
			func(m *dns.Msg) { m.Question[0].Qtype = dns.TypeMX },
			func(m *dns.Msg) { m.Question[0].Qclass = dns.ClassCHAOS },
			func(m *dns.Msg) { m.Question = nil },
			func(m *dns.Msg) { m.Question = append(m.Question, m.Question[0]) },
			func(m *dns.Msg) { m.Response = false },
			func(m *dns.Msg) { m.Opcode = dns.OpcodeNotify },
		} {
			m := new(dns.Msg).SetReply(r)
			m.Answer = []dns.RR{&dns.A{Hdr: dns.RR_Header{Name: "www.example.", Rrtype: dns.TypeA, Class: dns.ClassINET}, A: net.IPv4(6, 6, 6, 6)}}
			forge(m)
			w.WriteMsg(m)
		}
		w.Write(nil)
		w.Write([]byte("garbage"))
		truncated := new(dns.Msg).SetReply(r)
		truncated.Answer = []dns.RR{&dns.A{Hdr: dns.RR_Header{Name: "www.example.", Rrtype: dns.TypeA, Class: dns.ClassINET}, A: net.IPv4(6, 6, 6, 6)}}
		data, _ := truncated.Pack()
		w.Write(data[:len(data)-2])
		good(w, r)
	})
	r := runType(t, "remote.dns", schedule.Details{"query": "www.example", "server": server})
	wantAvailable(t, r)
	wantMetrics(t, r, map[string]string{"answer": "10.0.0.1", "count": "1"})
}

func TestInvalidDNSRepliesOverTCP(t *testing.T) {
	for name, c := range map[string]struct {
		reply  func(w dns.ResponseWriter, r *dns.Msg)
		status string
	}{
		"another reply": {func(w dns.ResponseWriter, r *dns.Msg) {
			m := new(dns.Msg).SetReply(r)
			m.Id++
			w.WriteMsg(m)
		}, "the reply over TCP is to another query"},
		"close": {func(w dns.ResponseWriter, r *dns.Msg) { w.Close() }, "the server closed the connection without a response"},
	} {
		t.Run(name, func(t *testing.T) {
			server := serveDNS(t, func(w dns.ResponseWriter, r *dns.Msg) {
				if _, udp := w.RemoteAddr().(*net.UDPAddr); udp {
					m := new(dns.Msg).SetReply(r)
					m.Truncated = true
					w.WriteMsg(m)
					return
				}
				c.reply(w, r)
			})
			wantUnavailable(t, runType(t, "remote.dns", schedule.Details{"query": "www.example", "server": server}), "querying "+server+": "+c.status)
		})
	}
}

func TestDNSHugeReply(t *testing.T) {
	var lines []string
	for i := range 500 {
		lines = append(lines, fmt.Sprintf("big.example. 60 IN TXT \"%03d %s\"", i, strings.Repeat("x", 100)))
	}
	full := answerRecords(t, lines...)
	server := serveDNS(t, func(w dns.ResponseWriter, r *dns.Msg) {
		if _, udp := w.RemoteAddr().(*net.UDPAddr); udp {
			m := new(dns.Msg).SetReply(r)
			m.Truncated = true
			w.WriteMsg(m)
			return
		}
		full(w, r)
	})
	r := runType(t, "remote.dns", schedule.Details{"query": "big.example", "record_type": "TXT", "server": server})
	wantAvailable(t, r)
	wantMetrics(t, r, map[string]string{"count": "500"})
	if n := len(value(r, "answer")); n > maxAnswerListing || n < maxAnswerListing-200 {
		t.Errorf("%d bytes of records", n)
	}
}

func TestDNSSilentAndRefusingServers(t *testing.T) {
	silent, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	checkNoGoroutines(t, func() {
		r := run(t, typeNamed(t, Options{}, "remote.dns"), schedule.Details{"query": "www.example", "server": silent.LocalAddr().String()}, 300*time.Millisecond)
		wantUnavailable(t, r, "check timed out after 0.3s")
	})
	absent := "127.0.0.1:" + collecttest.FreePort(t)
	wantUnavailable(t, runType(t, "remote.dns", schedule.Details{"query": "www.example", "server": absent}), "querying "+absent+": connection refused")
}

// TestDNSRetries: a query without a reply is repeated with a new id, and of several servers the
// next one is queried.
func TestDNSRetries(t *testing.T) {
	good := answerRecords(t, "www.example. 60 IN A 10.0.0.1")
	var asked atomic.Int32
	var first atomic.Uint32
	server := serveDNS(t, func(w dns.ResponseWriter, r *dns.Msg) {
		if asked.Add(1) == 1 {
			first.Store(uint32(r.Id))
		} else if r.Id != uint16(first.Load()) { // the id is new
			good(w, r)
		}
	})
	absent := "127.0.0.1:" + collecttest.FreePort(t)
	httpRequest := func(servers ...string) dnsQuery {
		return dnsQuery{message: new(dns.Msg).SetQuestion("www.example.", dns.TypeA), servers: servers, wait: 100 * time.Millisecond}
	}
	reply, by, err := httpRequest(server).exchange(t.Context())
	if err != nil || len(reply.Answer) != 1 || by != server || asked.Load() != 2 {
		t.Errorf("%v from %s, %v, after %d queries", reply, by, err, asked.Load())
	}
	reply, by, err = httpRequest(absent, server).exchange(t.Context())
	if err != nil || len(reply.Answer) != 1 || by != server {
		t.Errorf("%v from %s, %v", reply, by, err)
	}
	silent, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	if _, _, err = httpRequest(silent.LocalAddr().String()).exchange(t.Context()); !errors.Is(err, errNoReply) {
		t.Errorf("%v", err)
	}
}

func TestNameServers(t *testing.T) {
	file := filepath.Join(t.TempDir(), "resolv.conf")
	for _, c := range []struct {
		conf    string
		check   schedule.Check
		servers string
	}{
		{"# none\n", schedule.Check{}, "127.0.0.1:53"},
		{"search example\nnameserver 10.0.0.1\nnameserver fe80::1%eth0\nnameserver nonsense\nnameserver ::2\nnameserver 10.0.0.4\n", schedule.Check{}, "10.0.0.1:53 [fe80::1%eth0]:53 [::2]:53"},
		{"", schedule.Check{Details: schedule.Details{"server": "10.0.0.9"}}, "10.0.0.9:53"},
		{"", schedule.Check{Details: schedule.Details{"server": "ns.example:5353"}}, "ns.example:5353"},
		{"", schedule.Check{Details: schedule.Details{"server": "[::1]:5353"}}, "[::1]:5353"},
		{"", schedule.Check{Details: schedule.Details{"server": "::1"}}, "[::1]:53"},
		{"", schedule.Check{Details: schedule.Details{"target": "10.0.0.8"}, TargetAlias: "10.0.0.7"}, "10.0.0.8:53"},
		{"", schedule.Check{TargetAlias: "10.0.0.7"}, "10.0.0.7:53"},
	} {
		if err := os.WriteFile(file, []byte(c.conf), 0o600); err != nil {
			t.Fatal(err)
		}
		if c.check.Details == nil {
			c.check.Details = schedule.Details{}
		}
		c.check.Details["query"] = "example.com"
		q, err := dnsCheck{configuration: file}.read(c.check, nil)
		servers := q.servers
		if got := strings.Join(servers, " "); err != nil || got != c.servers {
			t.Errorf("%q, %v, want %q", got, err, c.servers)
		}
	}
	_, err := dnsCheck{configuration: filepath.Join(t.TempDir(), "none")}.systemServers()
	if err == nil || !strings.HasPrefix(err.Error(), `no detail "server", and the system's name servers are unknown: `) {
		t.Errorf("%v", err)
	}
}

func TestDNSWrongDetails(t *testing.T) {
	for _, c := range []struct {
		details schedule.Details
		status  string
	}{
		{nil, "Missing query parameter"},
		{schedule.Details{"query": "a b"}, `detail "query" is "a b", not a host name or an IP address`},
		{schedule.Details{"query": strings.Repeat("a", 70) + ".example"}, `detail "query" is "` + strings.Repeat("a", 64) + `", not a domain name`},
		{schedule.Details{"query": "a..b"}, `detail "query" is "a..b", not a domain name`},
		{schedule.Details{"query": "a", "record_type": "ANY"}, `detail "record_type" is "ANY", not one of A, AAAA, CAA, CNAME, MX, NS, PTR, SOA, SRV, TXT`},
		{schedule.Details{"query": "a", "server": "x:y"}, `detail "server" is "x:y", not a host or host:port`},
		{schedule.Details{"query": "a", "server": "x:0"}, `detail "server" is "x:0", not a host or host:port`},
		{schedule.Details{"query": "a", "server": ":53"}, `detail "server" is ":53", not a host or host:port`},
		{schedule.Details{"query": "a", "server": "a b"}, `detail "server" is "a b", not a host name or an IP address`},
	} {
		wantUnavailable(t, runType(t, "remote.dns", c.details), c.status)
	}
}
