package number

import (
	"encoding/json"
	"strconv"
	"strings"
	"testing"

	"virgo/schedule/number/numbertest"
)

func TestValue(t *testing.T) {
	for _, c := range numbertest.Cases() {
		got, ok := Value(c.Type, c.Text)
		if ok != (c.Normal != "") || ok && got != c.Normal || !ok && got != c.Text {
			t.Errorf("%s %q: %q, %v; want %q", c.Type, c.Text, got, ok, c.Normal)
		}
	}
	if got, ok := Value("string", "1_2 \n"); !ok || got != "1_2 \n" {
		t.Errorf("a string became %q", got)
	}
}

func TestParse(t *testing.T) {
	for text, want := range map[string]float64{"1.5": 1.5, "+.5": 0.5, "0x10": 16, "1e3": 1000} {
		if f, ok := Parse(text); !ok || f != want {
			t.Errorf("%q: %v, %v", text, f, ok)
		}
	}
	for _, text := range []string{"", "1_0", "inf", "nan", "0x1p4", "1e999", strings.Repeat("9", 310)} {
		if f, ok := Parse(text); ok {
			t.Errorf("%q: %v", text, f)
		}
	}
	for text, want := range map[string]int64{"60": 60, "60.0": 60, "6e1": 60, "0x3c": 60, "-5.": -5, "9223372036854775807": 1<<63 - 1} {
		if n, ok := Whole(text); !ok || n != want {
			t.Errorf("%q: %v, %v", text, n, ok)
		}
	}
	for _, text := range []string{"", "6_0", "0.5", "1e300", "9223372036854775808", "9007199254740992.0"} {
		if n, ok := Whole(text); ok {
			t.Errorf("%q: %v", text, n)
		}
	}
}

// A value is the same number in its normal form, which JSON's grammar has and which stays as it is.
func FuzzValue(f *testing.F) {
	for _, c := range numbertest.Cases() {
		f.Add(c.Type, c.Text)
	}
	f.Fuzz(func(t *testing.T, typ, text string) {
		normal, ok := Value(typ, text)
		if !ok || typ == "string" {
			return
		}
		if again, ok := Value(typ, normal); !ok || again != normal {
			t.Fatalf("%s %q: %q, then %q, %v", typ, text, normal, again, ok)
		}
		if !json.Valid([]byte(normal)) {
			t.Fatalf("%s %q: %q is not JSON", typ, text, normal)
		}
		if typ == "bool" {
			return
		}
		got, err := strconv.ParseFloat(normal, 64)
		want, wantErr := strconv.ParseFloat(text, 64)
		if wantErr == nil && (err != nil || got != want) {
			t.Fatalf("%s %q: %q is %v, not %v", typ, text, normal, got, want)
		}
	})
}

func BenchmarkValue(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		Value("gauge", "1234567890")
		Value("double", "12.3456")
	}
}
