package collect

import (
	"testing"

	"virgo/schedule"
)

func TestValidate(t *testing.T) {
	nothing := CheckerFunc(nil)
	reg, err := NewRegistry(
		Type{Name: "a.none", Checker: nothing},
		Type{Name: "a.some", Checker: nothing, Details: []Detail{{Name: "file", Required: true}, {Name: "timeout"}}},
		Type{Name: "a.own", Checker: nothing, Details: []Detail{{Name: "file", Required: true}}, OwnDetails: true},
	)
	if err != nil {
		t.Fatal(err)
	}
	type details = schedule.Details
	for _, c := range []struct {
		typ     string
		details details
		want    string
	}{
		{"a.none", nil, ""},
		{"a.none", details{"x": 1}, `a.none has no detail "x"; it has none`},
		{"a.some", details{"file": "x", "timeout": nil}, ""},
		{"a.some", details{"timeout": 1}, `a.some needs the detail "file"`},
		{"a.some", details{"file": ""}, `a.some needs the detail "file"`},
		{"a.some", details{"file": "x", "timeuot": 1}, `a.some has no detail "timeuot"; did you mean "timeout"?`},
		{"a.some", details{"file": "x", "zzz": 1, "qqq": 1}, `a.some has no detail "qqq"; it has file, timeout`},
		{"a.own", details{"file": "x", "zzz": 1}, ""},
		{"a.own", details{"zzz": 1}, `a.own needs the detail "file"`},
		{"a.nnoe", nil, `unknown check type "a.nnoe", did you mean "a.none"?`},
	} {
		got := ""
		if err := reg.Validate(schedule.Check{Type: c.typ, Details: c.details}); err != nil {
			got = err.Error()
		}
		if got != c.want {
			t.Errorf("%s %v: %q, want %q", c.typ, c.details, got, c.want)
		}
	}
	check := schedule.Check{Type: "a.some", Details: details{"file": "x", "timeout": 1}}
	if n := testing.AllocsPerRun(100, func() { _ = reg.Validate(check) }); n > 0 {
		t.Errorf("a valid check costs %v allocations in every run", n)
	}
}
