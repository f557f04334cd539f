package web

import (
	"testing"

	"virgo/collect/hostinfo/sourcetest"
)

func TestParsePHPVersion(t *testing.T) {
	for text, want := range map[string]phpVersion{
		"PHP Warning:  in Unknown on line 0\nPHP 5.6.4-4ubuntu6.2 (cli)\n": {"PHP", "5.6.4-4ubuntu6.2"},
		"HipHop VM 3.0.1 (rel)\nCompiler: tags/HHVM-3.0.1\n":               {"HipHop", "3.0.1"},
		"PHP\n": {},
		"":      {},
	} {
		if got := parsePHPVersion([]byte(text)); got != want {
			t.Errorf("%q: %+v", text, got)
		}
	}
}

func FuzzPHP(f *testing.F) {
	sourcetest.Seeds(f, "software/debian/etc/php/8.2/cli/php.ini", "software/*.out/php-*")
	f.Fuzz(func(t *testing.T, b []byte) {
		sourcetest.CheckJSON(t, b, parsePHPVersion(b), parsePHPModules(b), parsePHPSettings(b, "php.ini"))
	})
}
