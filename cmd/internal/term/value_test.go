package term

import "testing"

// A counter of 64 bits is shown with all of its digits.
func TestValueKeepsDigits(t *testing.T) {
	if got := Value("gauge", "18446744073709551615", "commands"); got != "18446744073709551615 commands" {
		t.Errorf("%s", got)
	}
}
