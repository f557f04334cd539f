package alarm

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"virgo/schedule/yaml/full"
)

// capturedTime is when the first result of a test stands in time.
var capturedTime = time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC)

// captured returns a result of a real check, one minute after the other.
func captured(t *testing.T, checkType string, minute int) Result {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", "captured", checkType+".json"))
	if err != nil {
		t.Fatal(err)
	}
	var document struct {
		Result struct {
			State, Status string
			Metrics       []struct{ Dimension, Name, Value string }
		}
	}
	if err := json.Unmarshal(data, &document); err != nil {
		t.Fatal(err)
	}
	var values []Value
	for _, m := range document.Result.Metrics {
		values = append(values, Value(m))
	}
	return Result{
		At: capturedTime.Add(time.Duration(minute) * time.Minute), Period: time.Minute,
		Available: document.Result.State == "available", Status: document.Result.Status, Values: slices.Values(values),
	}
}

// with returns a result with other values, by name; a name that it has not is added.
func (r Result) with(t *testing.T, changed map[string]string) Result {
	t.Helper()
	var values []Value
	if r.Values != nil {
		values = slices.Collect(r.Values)
	}
	dimension := ""
	if len(values) > 0 {
		dimension = values[0].Dimension
	}
	for name, value := range changed {
		i := slices.IndexFunc(values, func(v Value) bool { return v.Name == name })
		if i < 0 {
			i, values = len(values), append(values, Value{Dimension: dimension, Name: name})
		}
		values[i].Value = value
	}
	r.Values = slices.Values(values)
	return r
}

// defaultRule returns a rule of the default set.
func defaultRule(t *testing.T, id string) Rule {
	t.Helper()
	return *ruleByID(t, mustDefaults(t), id)
}

func ruleByID(t *testing.T, rules []Rule, id string) *Rule {
	t.Helper()
	for i := range rules {
		if rules[i].ID == id {
			return &rules[i]
		}
	}
	t.Fatalf("there is no default rule %q", id)
	return nil
}

func mustDefaults(tb testing.TB) []Rule {
	tb.Helper()
	rules, problems := Defaults(full.Parse)
	for _, p := range problems {
		tb.Fatal(p.Err)
	}
	return rules
}
