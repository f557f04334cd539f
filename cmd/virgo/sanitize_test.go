package main

import (
	"errors"
	"strings"
	"testing"

	"virgo/cmd/internal/agent"
	"virgo/collect"
)

// unsafeRunes are characters that control a terminal.
var unsafeRunes = []rune{
	0x1b, 0x7f, 0x9b, 0x61c, 0x200e, 0x200f, 0x202a, 0x202b, 0x202c, 0x202d, 0x202e,
	0x2066, 0x2067, 0x2068, 0x2069,
}

func TestErrorsAreSanitized(t *testing.T) {
	for _, r := range unsafeRunes {
		var b strings.Builder
		agent.PrintError(&b, agent.WithHint(errors.New("a"+string(r)+"b\nc"), "d"+string(r)+"e"))
		if want := "virgo: error: a b; c\nvirgo: hint: d e\n"; b.String() != want {
			t.Errorf("%U: %q", r, b.String())
		}
	}
}

func TestNagiosLineIsSanitized(t *testing.T) {
	for _, r := range unsafeRunes {
		text := "a" + string(r) + "b"
		result := collect.Result{
			CheckType: "t", Status: text,
			Metrics: []collect.Metric{{Name: text, Type: collect.Int64, Value: "1"}},
		}
		got, _, err := nagiosOutput{}.format(new(collect.Registry), result)
		if err != nil || strings.ContainsRune(got, r) || !strings.Contains(got, "t a b") {
			t.Errorf("%U: %q, %v", r, got, err)
		}
	}
}
