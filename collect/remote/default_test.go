package remote

import (
	"reflect"
	"testing"

	"virgo/schedule"
)

// The owner's policy compares what a check does without a detail, so the default that a type declares must
// be what the check uses: reading it makes no difference.
func TestDeclaredDefaultsAreUsed(t *testing.T) {
	readers := map[string]struct {
		base schedule.Details
		read func(schedule.Check) (any, error)
	}{
		"remote.http": {schedule.Details{"url": "https://www.example.com/"}, func(c schedule.Check) (any, error) {
			q, err := readHTTPRequest(c, nil)
			if q.connectTo == q.url.Hostname() {
				q.connectTo = "" // the same host
			}
			return q, err
		}},
		"remote.tcp": {schedule.Details{"target": "www.example.com", "port": 443, "ssl": true}, func(c schedule.Check) (any, error) { return readTCPRequest(c, nil) }},
		"remote.ping": {schedule.Details{"target": "www.example.com"}, func(c schedule.Check) (any, error) {
			_, count, _, err := readPing(c)
			return count, err
		}},
		"remote.dns": {schedule.Details{"target": "ns.example.com", "query": "www.example.com"}, func(c schedule.Check) (any, error) {
			q, err := dnsCheck{}.read(c, nil)
			if err == nil {
				q.message.Id = 0
			}
			return q, err
		}},
	}
	for _, typ := range Types(Options{}) {
		r := readers[typ.Name]
		want, err := r.read(schedule.Check{Details: r.base})
		if err != nil {
			t.Errorf("%s: %v", typ.Name, err)
			continue
		}
		for _, d := range typ.Details {
			value := d.Default
			if d.From == "url" || d.From == "target" {
				value, _ = r.base.Text("target")
				if d.From == "url" {
					value = "www.example.com"
				}
			}
			if value == "" || r.base[d.Name] != nil {
				continue
			}
			explicit := schedule.Details{d.Name: value}
			for k, v := range r.base {
				explicit[k] = v
			}
			got, err := r.read(schedule.Check{Details: explicit})
			if err != nil || !reflect.DeepEqual(got, want) {
				t.Errorf("%s with %s=%q is %+v (%v), without %+v", typ.Name, d.Name, value, got, err, want)
			}
		}
	}
}
