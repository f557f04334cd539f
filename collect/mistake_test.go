package collect

import (
	"context"
	"testing"

	"virgo/schedule"
	"virgo/schedule/detail"
)

// A value that a check refuses is reported with file and line, if the check is a local one.
func TestStatusOfAWrongValueHasItsPlace(t *testing.T) {
	typ := Type{
		Name: "t.port", Details: []Detail{{Name: "port", Kind: detail.Port}},
		Checker: CheckerFunc(func(ctx context.Context, req Request) (Report, error) {
			_, err := req.Check.Details.Int("port", 1)
			return Report{}, err
		}),
	}
	reg, err := NewRegistry(typ)
	if err != nil {
		t.Fatal(err)
	}
	const wrong = `detail "port" is "abc", not a whole number`
	for file, want := range map[string]string{"": wrong, "/etc/virgo/checks.d/a.yaml": "/etc/virgo/checks.d/a.yaml:7: " + wrong} {
		r := Runner{Registry: reg}
		job := Job{Check: schedule.Check{
			ID: "a", Type: "t.port", Details: schedule.Details{"port": "abc"}, File: file, Line: 7,
		}}
		r.Run(t.Context(), []Job{job}, func(_ int, o Outcome) {
			if o.Result.Status != want {
				t.Errorf("%q: status %q, want %q", file, o.Result.Status, want)
			}
		})
	}
}
