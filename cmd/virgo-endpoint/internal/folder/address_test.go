package folder

import (
	"errors"
	"os"
	"testing"
)

func TestAddress(t *testing.T) {
	dir := Dir(t.TempDir())
	if got, err := Address(dir); got != "" || err != nil {
		t.Errorf("of a folder of before: %q, %v", got, err)
	}
	for _, bad := range []string{"", "mon", "mon:", ":1", "mon:0", "mon:65536", "mon:x", "a b:1", "mon:1\n--x", "https://x:1"} {
		if err := SaveAddress(dir, bad); !errors.Is(err, ErrBadAddress) {
			t.Errorf("%q: %v", bad, err)
		}
	}
	for _, address := range []string{"mon.example.com:443", "[2001:db8::1]:50041"} {
		if err := SaveAddress(dir, address); err != nil {
			t.Error(err)
		}
		if got, err := Address(dir); got != "mon.example.com:443" || err != nil { // the first one stays
			t.Errorf("%q, %v", got, err)
		}
	}
	for _, bad := range []string{"\x1b[2J:1\n", "mon\n"} {
		if err := os.WriteFile(dir.addressFile(), []byte(bad), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Address(dir); !errors.Is(err, ErrBadAddress) {
			t.Errorf("%q: %v", bad, err)
		}
	}
}
