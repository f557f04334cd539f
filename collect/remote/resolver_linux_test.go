package remote

import (
	"net/http"
	"net/url"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/miekg/dns"

	"virgo/collect"
	"virgo/schedule"
)

// resolvers sets the system's name servers for this process, whose mounts are its own.
func resolvers(t *testing.T, conf string) {
	t.Helper()
	if err := syscall.Mount("none", "/", "", syscall.MS_REC|syscall.MS_PRIVATE, ""); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mount(write(t, t.TempDir(), "resolv.conf", conf), "/etc/resolv.conf", "", syscall.MS_BIND, ""); err != nil {
		t.Fatal(err)
	}
}

// By the system's name server hosts are found or not, and that is said.
func TestHostsByTheSystemsNameServer(t *testing.T) {
	if !inOwnNetwork(t) {
		return
	}
	resolvers(t, "nameserver 127.0.0.1\n")
	here := zone(t, "here.example. 60 IN A 127.0.0.1")
	if err := serveNames(t, "127.0.0.1:53", func(w dns.ResponseWriter, r *dns.Msg) {
		switch r.Question[0].Name {
		case "here.example.":
			here(w, r)
		case "broken.example.":
			w.WriteMsg(new(dns.Msg).SetRcode(r, dns.RcodeServerFailure))
		default:
			w.WriteMsg(new(dns.Msg).SetRcode(r, dns.RcodeNameError))
		}
	}); err != nil {
		t.Fatal(err)
	}
	s := page(t, func(http.ResponseWriter, *http.Request) {})
	place, _ := url.Parse(s.URL)
	r := looks(t, "remote.http", schedule.Details{"url": "http://here.example:" + place.Port()})
	available(t, r)
	available(t, looks(t, "remote.tcp", schedule.Details{"target": "here.example", "port": place.Port()}))
	available(t, looks(t, "remote.ping", schedule.Details{"target": "here.example", "count": 1}))
	has(t, looks(t, "remote.dns", schedule.Details{"query": "here.example"}), map[string]string{"answer": "127.0.0.1"})
	for host, why := range map[string]string{"none.example": `there is no host "none.example"`, "broken.example": `looking up "broken.example": server misbehaving`} {
		fails(t, looks(t, "remote.http", schedule.Details{"url": "http://u:geheim@" + host + "/"}), "GET http://"+host+": "+why)
		fails(t, looks(t, "remote.tcp", schedule.Details{"target": host, "port": 1}), "connecting to "+host+":1: "+why)
		fails(t, looks(t, "remote.ping", schedule.Details{"target": host}), "pinging "+host+": "+why)
	}
}

// Where the system's name server says nothing, every check ends at its limit.
func TestNameServerThatSaysNothing(t *testing.T) {
	if !inOwnNetwork(t) {
		return
	}
	tunnel(t)
	resolvers(t, "nameserver 10.9.9.9\n")
	const limit = 300 * time.Millisecond
	leavesNothing(t, func() {
		var all sync.WaitGroup
		for name, d := range map[string]schedule.Details{
			"remote.http": {"url": "http://www.example.com"},
			"remote.tcp":  {"target": "www.example.com", "port": 1},
			"remote.ping": {"target": "www.example.com"},
			"remote.dns":  {"query": "www.example.com"},
		} {
			typ := typed(t, Options{}, name)
			all.Go(func() {
				within(t, limit, func() {
					if r := run(t, typ, d, limit); r.State != collect.Unavailable || r.Status != "check timed out after 0.3s" {
						t.Errorf("%s: %s %q", name, r.State, r.Status)
					}
				})
			})
		}
		all.Wait()
	})
}
