package main

import (
	"math"
	"testing"
)

func TestSpan(t *testing.T) {
	for ms, want := range map[int64]string{
		0: "0ms", 999: "999ms", 1000: "1s", 59_999: "59s", 60_000: "1m", 61_000: "1m1s", 3_600_000: "1h", 3_659_000: "1h", 3_660_000: "1h1m",
		86_399_999: "23h59m", 86_400_000: "1d", 90_000_000: "1d1h", 1_800_000_000_000: "20833d8h", math.MaxInt64: "106751991167d7h",
	} {
		if got := span(ms); got != want {
			t.Errorf("%d ms: %q, want %q", ms, got, want)
		}
	}
}

func TestClock(t *testing.T) {
	if got := clock(nil); got != "-" {
		t.Errorf("no offset: %q", got)
	}
	for offset, want := range map[int64]string{
		0: "right", 1000: "right", -1000: "right", 2500: "2s behind", -61_000: "1m1s ahead", math.MinInt64: "106751991167d7h ahead",
	} {
		if got := clock(&offset); got != want {
			t.Errorf("%d ms: %q, want %q", offset, got, want)
		}
	}
}
