package transport

import (
	"encoding/base64"
	"encoding/hex"
	"strings"
	"testing"
)

func TestParsePin(t *testing.T) {
	var want Pin
	for i := range want {
		want[i] = byte(255 - 3*i)
	}
	digits := hex.EncodeToString(want[:])
	var colons []string
	for i := 0; i < len(digits); i += 2 {
		colons = append(colons, digits[i:i+2])
	}
	for _, s := range []string{
		want.String(), digits, strings.ToUpper(digits), "SHA256:" + strings.ToUpper(digits), " sha256:" + digits + "\n",
		strings.Join(colons, ":"), "sha256:" + strings.Join(colons, ":"),
		"sha256:" + base64.StdEncoding.EncodeToString(want[:]), "sha256//" + base64.StdEncoding.EncodeToString(want[:]),
		base64.URLEncoding.EncodeToString(want[:]), base64.RawStdEncoding.EncodeToString(want[:]),
	} {
		if got, err := ParsePin(s); err != nil || got != want {
			t.Errorf("%q: %v, %v", s, got, err)
		}
	}
	for _, s := range []string{"", "sha256:", "sha256", digits[:62], digits + "00", "sha1:" + digits, "not a pin"} {
		if _, err := ParsePin(s); err == nil {
			t.Errorf("%q was taken", s)
		}
	}
}
