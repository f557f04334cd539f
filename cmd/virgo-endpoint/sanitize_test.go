package main

import (
	"errors"
	"strings"
	"testing"
)

func TestNothingIsShownThatATerminalObeys(t *testing.T) {
	for _, r := range []rune{
		0x1b, 0x7f, 0x9b, 0x61c, 0x200e, 0x200f, 0x202a, 0x202b, 0x202c, 0x202d, 0x202e,
		0x2066, 0x2067, 0x2068, 0x2069,
	} {
		text := "a" + string(r) + "b"
		var errs strings.Builder
		printError(&errs, errors.New(text))
		if errs.String() != "virgo-endpoint: error: a b\n" {
			t.Errorf("%U in an error: %q", r, errs.String())
		}
		var tab table
		tab.row(text, "c")
		if got := string(tab.text()); got != "a b  c\n" {
			t.Errorf("%U in a table: %q", r, got)
		}
	}
}
