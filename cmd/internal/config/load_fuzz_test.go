package config

import (
	"strings"
	"testing"

	"virgo/schedule/yaml/full"
)

func FuzzLoad(f *testing.F) {
	f.Add([]byte("endpoint: a:1\ntoken: T\n"))
	f.Add([]byte("monitoring_token T\n"))
	f.Add([]byte("spool: {max_bytes: 1MiB}\npin: [a, b]\n"))
	f.Add([]byte("endpoints:\n- a:1\n- _a._tcp.b\ndeadline: 1d\nconcurrency: 0x4\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) > 4<<10 {
			return
		}
		c := defaults(environment())
		var err error
		if isLegacy(b) {
			err = c.parseLegacy("f", b)
		} else {
			err = c.parseYAML("f", b, full.Parse)
		}
		if err != nil {
			if !IsError(err) || strings.Contains(err.Error(), "\n") {
				t.Fatalf("another type of error, or several lines: %q", err)
			}
			return
		}
		// Every setting was checked when it was set; client_cert may come from the environment.
		if c.ClientCert == "" {
			c.ClientKey = ""
		}
		if err := c.Validate(); err != nil {
			t.Fatalf("accepted, but %v", err)
		}
	})
}
