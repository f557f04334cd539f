package term

import (
	"testing"

	"virgo/collect"
)

// A counter of 64 bits is shown with all of its digits.
func TestValueKeepsDigits(t *testing.T) {
	m := collect.Metric{Type: collect.Gauge, Value: "18446744073709551615", Unit: "commands"}
	if got := Value(m); got != "18446744073709551615 commands" {
		t.Errorf("%s", got)
	}
}
