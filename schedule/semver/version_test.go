package semver

import (
	"strings"
	"testing"
)

func TestParseRefuses(t *testing.T) {
	for _, text := range []string{
		"", "1", "1.2", "1.2.3.4", "v1.2.3", "1.2.3-", "1.2.3+", "01.2.3", "1.02.3", "1.2.3-01", "1.2.3-a..b", "1.2.3-ä",
		" 1.2.3", "1.2.3\n", "-1.2.3", "1.2.x", "1.2.3-a_b", "1.2.3+a+b", "18446744073709551616.0.0",
		"1.2.3-" + strings.Repeat("a", MaxBytes),
	} {
		if v, err := Parse(text); err == nil {
			t.Errorf("%q is read as %s", text, v)
		} else if len(err.Error()) > 3*MaxBytes+100 {
			t.Errorf("error of %d bytes", len(err.Error()))
		}
	}
}

// The order of https://semver.org/spec/v2.0.0.html#spec-item-11, and more.
func TestCompare(t *testing.T) {
	order := []string{
		"0.0.0-0", "0.0.0", "0.0.1", "0.9.0", "0.10.0", "1.0.0-2", "1.0.0-10", "1.0.0-alpha", "1.0.0-alpha.1",
		"1.0.0-alpha.beta", "1.0.0-beta", "1.0.0-beta.2", "1.0.0-beta.11", "1.0.0-rc.1", "1.0.0-rc.1.0", "1.0.0",
		"1.0.1", "1.1.0", "2.0.0", "10.0.0", "18446744073709551615.0.0",
	}
	for i, a := range order {
		for j, b := range order {
			va, errA := Parse(a)
			vb, errB := Parse(b)
			if errA != nil || errB != nil {
				t.Fatal(errA, errB)
			}
			want := 0
			if i < j {
				want = -1
			} else if i > j {
				want = 1
			}
			if got := va.Compare(vb); got != want {
				t.Errorf("%s to %s: %d, want %d", a, b, got, want)
			}
		}
	}
}

func TestBuildDoesNotCount(t *testing.T) {
	a, _ := Parse("1.2.3-rc.1+linux-7")
	b, _ := Parse("1.2.3-rc.1")
	if a.Compare(b) != 0 || a.Build() != "linux-7" || a.String() != "1.2.3-rc.1+linux-7" {
		t.Errorf("%s and %s differ, or build is %q", a, b, a.Build())
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"1.2.3", "1.2.3-rc.1+x", "0.0.0-0", "1.2.3--", "1..3"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		v, err := Parse(s)
		if err != nil {
			return
		}
		if v.String() != s {
			t.Errorf("%q is written as %q", s, v)
		}
		if v.Compare(v) != 0 {
			t.Errorf("%q is not equal to itself", s)
		}
		if zero := (Version{}); v.Compare(zero) != -zero.Compare(v) {
			t.Errorf("%q: the order depends on the direction", s)
		}
	})
}
