package schedule

import (
	"encoding/json"
	"testing"

	"virgo/schedule/detail"
)

func TestNumbersMayHaveAFraction(t *testing.T) {
	free := Detail{Name: "n", Kind: detail.Number}
	percent := Detail{Name: "n", Kind: detail.Number, Min: 0, Max: 100}
	least := Detail{Name: "n", Kind: detail.Number, Min: 5}
	for _, c := range []struct {
		detail Detail
		value  any
		want   string
	}{
		{free, "-1.5", ""}, {free, json.Number("1e3"), ""}, {free, 0.25, ""}, {free, "", ""},
		{free, "x", `detail "n" is "x", not a number`}, {free, "NaN", `detail "n" is "NaN", not a number`},
		{free, true, `detail "n" is "true", not a number`}, {free, []any{"1"}, `detail "n" is "a list or an object", not a number`},
		{percent, "99.5", ""}, {percent, "100.5", `detail "n" is "100.5", not from 0 to 100`}, {percent, "-0.5", `detail "n" is "-0.5", not from 0 to 100`},
		{least, "5.5", ""}, {least, "4.9", `detail "n" is "4.9", not 5 or more`},
	} {
		got := ""
		if err := c.detail.Validate(Details{"n": c.value}); err != nil {
			got = err.Error()
		}
		if got != c.want {
			t.Errorf("%+v with %v: %q, want %q", c.detail, c.value, got, c.want)
		}
	}
}
