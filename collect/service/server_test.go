package service

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"virgo/schedule"
)

func TestReadServer(t *testing.T) {
	for _, c := range []struct {
		d                schedule.Details
		network, address string
	}{
		{nil, "tcp", "localhost:6379"},
		{schedule.Details{"host": "", "port": "", "socket": nil}, "tcp", "localhost:6379"},
		{schedule.Details{"host": "db", "port": "7000"}, "tcp", "db:7000"},
		{schedule.Details{"host": "::1", "port": 7000.0}, "tcp", "[::1]:7000"},
		{schedule.Details{"host": "[fe80::1%eth0]"}, "tcp", "[fe80::1%eth0]:6379"},
		{schedule.Details{"host": "db", "socket": "/run/s"}, "unix", "/run/s"},
	} {
		s, err := readServer(c.d, 6379)
		if err != nil || s.network != c.network || s.address != c.address || s.tls != nil {
			t.Errorf("%v: %+v, %v", c.d, s, err)
		}
	}
	s, err := readServer(schedule.Details{"host": "db", "tls": "yes", "password": 1234, "timeout": 2500}, 6379)
	if err != nil || s.tls == nil || s.tls.ServerName != "db" || s.tls.InsecureSkipVerify || s.password != "1234" || s.timeout.Seconds() != 2.5 {
		t.Errorf("%+v, %v", s, err)
	}
}

// A file that a detail names is a file, and no longer than a certificate may be.
func TestFilesOfDetails(t *testing.T) {
	dir := t.TempDir()
	long := filepath.Join(dir, "long")
	if err := os.WriteFile(long, make([]byte, maxFileBytes+1), 0o600); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		dir:                        "not a file",
		long:                       "longer than 1048576 bytes",
		filepath.Join(dir, "none"): "",
		os.DevNull:                 "not a file",
	} {
		_, err := readServer(schedule.Details{"ca_file": path}, 1)
		if err == nil || !strings.HasPrefix(err.Error(), "reading ca_file: ") || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", path, err)
		}
	}
}
