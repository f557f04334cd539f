package procfs

import (
	"reflect"
	"testing"
)

func TestNumbers(t *testing.T) {
	for text, want := range map[string][]uint64{
		"":                          {},
		" \t1  2\t3 4":              {1, 2, 3},
		"18446744073709551615":      {1<<64 - 1},
		"00018446744073709551615 7": {1<<64 - 1, 7},
	} {
		n := make([]uint64, 3)
		got, err := Numbers([]byte(text), n)
		if err != nil || !reflect.DeepEqual(n[:got], want) {
			t.Errorf("%q: %v, %v", text, n[:got], err)
		}
	}
	for _, text := range []string{"18446744073709551616", "99999999999999999999", "-1", "1.5", "1 x", "1,2"} {
		if got, err := Numbers([]byte(text), make([]uint64, 3)); err == nil {
			t.Errorf("%q: %v", text, got)
		}
	}
}
