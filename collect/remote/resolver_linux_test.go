package remote

import (
	"sync"
	"syscall"
	"testing"
	"time"

	"virgo/collect"
	"virgo/schedule"
)

// Where the system's name server says nothing, every check ends at its limit.
func TestNameServerThatSaysNothing(t *testing.T) {
	if !inOwnNetwork(t) {
		return
	}
	tunnel(t)
	if err := syscall.Mount("none", "/", "", syscall.MS_REC|syscall.MS_PRIVATE, ""); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mount(write(t, t.TempDir(), "resolv.conf", "nameserver 10.9.9.9\n"), "/etc/resolv.conf", "", syscall.MS_BIND, ""); err != nil {
		t.Fatal(err)
	}
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
