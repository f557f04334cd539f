package report

import "testing"

func TestBundleTexts(t *testing.T) {
	for state, want := range map[string][2]string{
		"":                      {"", ""},
		"none":                  {"", ""},
		"trial":                 {"bundle 1.4.0, on trial", ""},
		"good":                  {"bundle 1.4.0", ""},
		"back 2.0.0: x fails":   {"bundle 1.4.0", "Its bundle of checks went back from 2.0.0: x fails"},
		"refused 2.0.0: no key": {"bundle 1.4.0", "It refused the bundle of checks 2.0.0: no key"},
		"none; back 2.0.0: x":   {"", "Its bundle of checks went back from 2.0.0: x"},
	} {
		a := Agent{BundleVersion: "1.4.0", BundleState: state}
		if got := [2]string{a.BundleFact(), a.BundleProblem()}; got != want {
			t.Errorf("%q: %q, want %q", state, got, want)
		}
	}
}
