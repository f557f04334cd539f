package term

import (
	"strings"
	"testing"
)

func TestTableRemovesControlCharacters(t *testing.T) {
	for _, r := range []rune{
		0x1b, 0x7f, 0x9b, 0x61c, 0x200e, 0x200f, 0x202a, 0x202b, 0x202c, 0x202d, 0x202e,
		0x2066, 0x2067, 0x2068, 0x2069,
	} {
		var tab Table
		var b strings.Builder
		tab.Row("id"+string(r), "status")
		if err := tab.Write(&b, false); err != nil || b.String() != "id   status\n" {
			t.Errorf("%U: %q, %v", r, b.String(), err)
		}
	}
}
