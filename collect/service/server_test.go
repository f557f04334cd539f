package service

import (
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
		s, err := readServer(c.d, 6379, nil)
		if err != nil || s.network != c.network || s.address != c.address || s.tls != nil {
			t.Errorf("%v: %+v, %v", c.d, s, err)
		}
	}
	s, err := readServer(schedule.Details{"host": "db", "tls": "yes", "password": 1234, "timeout": 2500}, 6379, nil)
	if err != nil || s.tls == nil || s.tls.ServerName != "db" || s.tls.InsecureSkipVerify || s.password != "1234" || s.timeout.Seconds() != 2.5 {
		t.Errorf("%+v, %v", s, err)
	}
}
