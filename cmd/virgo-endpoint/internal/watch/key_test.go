package watch

import "testing"

func TestKeyText(t *testing.T) {
	for _, k := range []Key{{}, {Rule: "disk-full", Agent: 7, CheckID: "root", Dimension: "/var/ä b"}, {Rule: "check/x/y", Agent: -1}} {
		if got, err := ParseKey(k.Text()); err != nil || got != k {
			t.Errorf("%+v became %+v, %v", k, got, err)
		}
	}
	for _, text := range []string{"", "x", "%", Key{Rule: "a"}.Text() + "=", "YQBiAGMAZA", string(make([]byte, maxKeyText+1))} {
		if k, err := ParseKey(text); err == nil {
			t.Errorf("%.20q is %+v", text, k)
		}
	}
}

func FuzzParseKey(f *testing.F) {
	f.Add(Key{Rule: "disk", Agent: 7, CheckID: "root"}.Text())
	f.Fuzz(func(t *testing.T, text string) {
		k, err := ParseKey(text)
		if err != nil {
			return
		}
		if again, err := ParseKey(k.Text()); err != nil || again != k {
			t.Errorf("%q: %+v became %+v, %v", text, k, again, err)
		}
	})
}
