package history

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"virgo/cmd/virgo-endpoint/internal/intake"
)

// sorted are metrics as texts, those that a series would distinguish, first value first.
func sorted(metrics []intake.Metric) []string {
	seen := map[[4]string]bool{}
	var list []string
	for _, m := range metrics {
		key := [4]string{m.Dimension, m.Name, m.Unit, fmt.Sprint(kindOf(&m))}
		if seen[key] {
			continue
		}
		seen[key] = true
		value := fmt.Sprintf("%q", m.Value)
		if v, ok := m.Number(); ok {
			value = v.String()
		}
		list = append(list, fmt.Sprintf("%q %q %q %s %s", m.Dimension, m.Name, m.Unit, m.Type, value))
	}
	slices.Sort(list)
	return list
}

// verifyTemplate compares what a template finds in params with what package intake finds. It reports whether there is a
// template.
func verifyTemplate(t *testing.T, m *matcher, params []byte) bool {
	t.Helper()
	want, err := intake.Metrics(params)
	if err != nil {
		t.Fatal(err)
	}
	tmpl, values, period := m.match(&intake.Result{CheckID: "c", Params: params})
	if tmpl == nil {
		return false
	}
	if got, want := periodOf(period), intake.Period(params).Milliseconds(); got != want {
		t.Errorf("%s: a period of %d, want %d", params, got, want)
	}
	var got []intake.Metric
	for i, metric := range tmpl.metrics {
		metric.Value = string(values[i])
		if metric.Type != "string" {
			v, ok := parseNumber(metric.Type, values[i])
			if !ok {
				t.Errorf("%s: %q is no number", params, values[i])
			}
			if want, _ := intake.ParseValue(metric.Type, metric.Value); v != want {
				t.Errorf("%q is %v, want %v", values[i], v, want)
			}
			metric.Value = v.String()
		}
		got = append(got, metric)
	}
	if got, want := sorted(got), sorted(want); !slices.Equal(got, want) {
		t.Errorf("%s:\n%s\nwant\n%s", params, strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	return true
}

const plainParams = `{"result_id":"a/1-2","order":7,"check_id":"c","check_type":"t","state":"available","status":"ok",` +
	`"timestamp":1700000000000,"min_check_period":60000,"metrics":[[null,{"m":{"t":"double","v":"1.5","u":"s"},"n":{"t":"string","v":"up"}}],["d",{"m":{"t":"int64","v":"-3"}}]]}`

// What agents write has a template, and one is learned once for each form.
func TestTemplates(t *testing.T) {
	var m matcher
	for _, post := range capture(t, 1).runs[:20] {
		for _, r := range post {
			if !verifyTemplate(t, &m, r.Params) {
				t.Errorf("no template: %s", r.Params)
			}
		}
	}
	m = matcher{}
	for _, change := range [][2]string{{"1.5", "2.25"}, {"60000", "5"}, {"up", "down"}, {`"ok"`, `""`}, {`"order":7`, `"order":8`}, {"-3", "0x1f"}} {
		if !verifyTemplate(t, &m, []byte(strings.ReplaceAll(plainParams, change[0], change[1]))) {
			t.Errorf("no template after %v", change)
		}
	}
	if n := len(m.templates["c"]); n != 1 {
		t.Errorf("%d templates", n)
	}
	for _, change := range [][2]string{
		{"up", `u\"p`}, {`"order"`, `"Order"`}, {`{"result_id"`, `{"x":1,"result_id"`}, {`{"result_id"`, ` {"result_id"`}, {`"n":`, `"m":`},
		{`"u":"s"`, `"u":"s","u":"t"`}, {`"metrics":[`, `"metrics":[],"metrics":[`}, {"60000", "6e4"},
	} {
		if verifyTemplate(t, &m, []byte(strings.ReplaceAll(plainParams, change[0], change[1]))) {
			t.Errorf("a template after %v", change)
		}
	}
}

// Numbers of every form are read as package intake reads them.
func TestParseNumber(t *testing.T) {
	for _, typ := range []string{"int64", "uint64", "double", "gauge", "bool", "string"} {
		for _, text := range []string{"", "-", ".", "0", "-0", "5.", ".5", "-.5", "007", "1.50", "0.1", "123456789012345", "1234567890123456", "12345678901234.5",
			"9007199254740993", "9223372036854775808", "-9223372036854775808", "18446744073709551615", "1e3", "-1e-3", "0x10", "+1", "true", "f", "0.000000000000001",
			"123456.7890123456789", "1.2.3", "00000000000000000.5"} {
			got, ok := parseNumber(typ, []byte(text))
			want, wantOK := intake.ParseValue(typ, text)
			if strings.Contains(text, ".") && strings.Contains(typ, "int") {
				continue // package intake accepts no such value
			}
			if ok != wantOK || ok && got != want {
				t.Errorf("%s %q: %v %v, want %v %v", typ, text, got, ok, want, wantOK)
			}
		}
	}
}

// Whatever package intake accepts, a template finds the same in it.
func FuzzTemplate(f *testing.F) {
	f.Add([]byte(plainParams), []byte(strings.ReplaceAll(plainParams, "up", "down")))
	f.Add([]byte(`{"check_id":"c","check_type":"t","state":"available","metrics":[]}`), []byte(`{"late":true,"metrics":[["",{"":{"t":"bool","v":"1"}}]]}`))
	f.Fuzz(func(t *testing.T, first, second []byte) {
		var m matcher
		for _, params := range [][]byte{first, second} {
			if _, err := intake.ParsePost(params, time.UnixMilli(0)); err == nil {
				verifyTemplate(t, &m, params)
			}
		}
	})
}
