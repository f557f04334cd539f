package watch

import "testing"

func TestHostName(t *testing.T) {
	for _, c := range [][3]string{
		{"vm-d02ab9d0", "vm", "vm"}, {"web-1", "vm", "vm (web-1)"}, {"web-1", "", "web-1"}, {"db", "db", "db"}, {"db-1", "DB", "DB"},
	} {
		if got := HostName(c[0], c[1]); got != c[2] {
			t.Errorf("%s of %s: %q, want %q", c[1], c[0], got, c[2])
		}
	}
}
