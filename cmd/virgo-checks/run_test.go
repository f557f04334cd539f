package main

import (
	"bytes"
	"os"
	"strings"
	"testing"
)

// What is built into virgo is what this program offers.
func TestCatalogIsTheOneBuiltIn(t *testing.T) {
	var out, errs bytes.Buffer
	if code := run(t.Context(), []string{"catalog"}, strings.NewReader(""), &out, &errs); code != exitOK {
		t.Fatalf("%d: %s", code, errs.String())
	}
	built, err := os.ReadFile("../../collect/worker/catalog.json")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(out.Bytes(), built) {
		t.Error("collect/worker/catalog.json is not what virgo-checks offers: make docs")
	}
}

func TestUsage(t *testing.T) {
	for _, tc := range []struct {
		args []string
		code int
		out  string
		errs string
	}{
		{[]string{"--help"}, exitOK, "Usage: virgo-checks", ""},
		{[]string{"version"}, exitOK, "virgo-checks 0", ""},
		{nil, exitUsage, "", "hint: virgo-checks --help"},
		{[]string{"srve"}, exitUsage, "", `no command "srve"`},
		{[]string{"serve"}, exitUnexpected, "", "reading the agent's first line"},
	} {
		var out, errs bytes.Buffer
		code := run(t.Context(), tc.args, strings.NewReader("nonsense\n"), &out, &errs)
		if code != tc.code || !strings.Contains(out.String(), tc.out) || !strings.Contains(errs.String(), tc.errs) {
			t.Errorf("%q: %d, %q, %q", tc.args, code, out.String(), errs.String())
		}
	}
}
