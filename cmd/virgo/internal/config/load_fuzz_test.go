package config

import (
	"strings"
	"testing"
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
			err = c.parseYAML("f", b)
		}
		if err != nil {
			if !IsOwners(err) || strings.Contains(err.Error(), "\n") {
				t.Fatalf("an error that names no owner, or of several lines: %q", err)
			}
			return
		}
		// Every setting was checked where it was read; a key's certificate may be the environment's.
		if c.ClientCert == "" {
			c.ClientKey = ""
		}
		if err := c.Validate(); err != nil {
			t.Fatalf("taken, but %v", err)
		}
	})
}
