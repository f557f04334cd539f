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
	"virgo/collect/collecttest"
	"virgo/schedule"
)

// setResolvConf replaces /etc/resolv.conf for this process, which has its own mount namespace.
func setResolvConf(t *testing.T, conf string) {
	t.Helper()
	if err := syscall.Mount("none", "/", "", syscall.MS_REC|syscall.MS_PRIVATE, ""); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mount(collecttest.WriteFile(t, t.TempDir(), "resolv.conf", conf), "/etc/resolv.conf", "", syscall.MS_BIND, ""); err != nil {
		t.Fatal(err)
	}
}

// TestSystemResolver: hosts are resolved by the system's name server, and its errors reported.
func TestSystemResolver(t *testing.T) {
	if !rerunInOwnNetwork(t) {
		return
	}
	setResolvConf(t, "nameserver 127.0.0.1\n")
	here := answerRecords(t, "here.example. 60 IN A 127.0.0.1")
	if err := serveDNSOn(t, "127.0.0.1:53", func(w dns.ResponseWriter, r *dns.Msg) {
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
	s := servePage(t, func(http.ResponseWriter, *http.Request) {})
	place, _ := url.Parse(s.URL)
	r := runType(t, "remote.http", schedule.Details{"url": "http://here.example:" + place.Port()})
	wantAvailable(t, r)
	wantAvailable(t, runType(t, "remote.tcp", schedule.Details{"target": "here.example", "port": place.Port()}))
	wantAvailable(t, runType(t, "remote.ping", schedule.Details{"target": "here.example", "count": 1}))
	wantMetrics(t, runType(t, "remote.dns", schedule.Details{"query": "here.example"}), map[string]string{"answer": "127.0.0.1"})
	for host, why := range map[string]string{"none.example": `no such host: "none.example"`, "broken.example": `looking up "broken.example": server misbehaving`} {
		wantUnavailable(t, runType(t, "remote.http", schedule.Details{"url": "http://u:geheim@" + host + "/"}), "GET http://"+host+": "+why)
		wantUnavailable(t, runType(t, "remote.tcp", schedule.Details{"target": host, "port": 1}), "connecting to "+host+":1: "+why)
		wantUnavailable(t, runType(t, "remote.ping", schedule.Details{"target": host}), "pinging "+host+": "+why)
	}
}

// TestSilentNameServer: with a silent name server, every check ends at its time limit.
func TestSilentNameServer(t *testing.T) {
	if !rerunInOwnNetwork(t) {
		return
	}
	startTunnel(t)
	setResolvConf(t, "nameserver 10.9.9.9\n")
	const limit = 300 * time.Millisecond
	checkNoGoroutines(t, func() {
		var all sync.WaitGroup
		for name, d := range map[string]schedule.Details{
			"remote.http": {"url": "http://www.example.com"},
			"remote.tcp":  {"target": "www.example.com", "port": 1},
			"remote.ping": {"target": "www.example.com"},
			"remote.dns":  {"query": "www.example.com"},
		} {
			typ := typeNamed(t, Options{}, name)
			all.Go(func() {
				if r := run(t, typ, d, limit); r.State != collect.Unavailable || r.Status != "check timed out after 0.3s" {
					t.Errorf("%s: %s %q", name, r.State, r.Status)
				}
			})
		}
		all.Wait()
	})
}
