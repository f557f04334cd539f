package transport

import (
	"fmt"
	"testing"
)

func TestSanitizeReplacesWhatATerminalObeys(t *testing.T) {
	for _, bounds := range [][2]rune{
		{0, 0x1f}, {0x7f, 0x9f}, // control characters
		{0x61c, 0x61c}, {0x200e, 0x200f}, {0x202a, 0x202e}, {0x2066, 0x2069}, // Bidi_Control
		{0x2028, 0x2029}, // separators
	} {
		for r := bounds[0]; r <= bounds[1]; r++ {
			if got := sanitize("a"+string(r)+"b", 100); got != "a b" {
				t.Errorf("%U: got %q", r, got)
			}
		}
	}
	const fine = "plain, é, €, 日本, 😀, שלום"
	if got := sanitize(fine, 100); got != fine {
		t.Errorf("got %q", got)
	}
}

func TestSanitizeTruncatesBetweenRunes(t *testing.T) {
	for limit, want := range []string{"", "a", "a", "aé", "aé", "aé", "aé€"} {
		if got := sanitize("aé€", limit); got != want {
			t.Errorf("limit %d: got %q, want %q", limit, got, want)
		}
	}
}

// Whatever of an endpoint's error, welcome or proxy answer is shown or stored passes sanitize.
func TestPeerTextIsSanitized(t *testing.T) {
	for _, r := range []rune{0x1b, 0x9b, 0x61c, 0x200e, 0x200f, 0x202a, 0x202b, 0x202c, 0x202d, 0x202e, 0x2066, 0x2067, 0x2068, 0x2069} {
		escaped := fmt.Sprintf(`a\u%04xb`, r)
		e, err := parseError([]byte(`{"code":400,"message":"` + escaped + `","type":"` + escaped + `"}`))
		if err != nil || e.Message != "a b" || e.Type != "a b" {
			t.Errorf("%U in an error: %+v, %v", r, e, err)
		}
		w, err := parseWelcome([]byte(`{"entity_id":"` + escaped + `","channel":"` + escaped + `"}`))
		if err != nil || w.EntityID != "a b" || w.Channel != "a b" {
			t.Errorf("%U in a welcome: %+v, %v", r, w, err)
		}
	}
}
