package collect

import (
	"context"
	"errors"
	"reflect"
	"testing"
)

// TestRunnerRemovesControls: nothing that a terminal obeys is in a result, whatever a check returns.
func TestRunnerRemovesControls(t *testing.T) {
	metrics := []Metric{
		{Name: "plain", Type: Int64, Value: "1"},
		{Dimension: "/mnt/a\nb", Name: "\x1b[1mname\x1b[0m", Type: String, Value: "\x1b]0;title\x07text\x00", Unit: "un\tit"},
	}
	before := append([]Metric(nil), metrics...)
	got := run(t, t.Context(), 1, []Job{job("a", 0), job("b", 0), job("c", 0)},
		func(context.Context, Request) (Report, error) {
			return Report{Status: "\x1b[32mfine\x1b[0m\nnow", Metrics: metrics}, nil
		},
		func(context.Context, Request) (Report, error) { return Report{}, errors.New("no\x1b[K route\r\n") },
		func(context.Context, Request) (Report, error) {
			return Report{Unavailable: true, Status: "\u009b31mgone"}, nil
		})
	want := []Metric{
		{Name: "plain", Type: Int64, Value: "1"},
		{Dimension: "/mnt/a b", Name: "name", Type: String, Value: "text\ufffd", Unit: "un it"},
	}
	if r := got[0].Result; r.Status != "fine now" || !reflect.DeepEqual(r.Metrics, want) {
		t.Errorf("%q, %+v", r.Status, r.Metrics)
	}
	if !reflect.DeepEqual(metrics, before) {
		t.Error("the check's metrics were changed")
	}
	status(t, got[1], "no route  ")
	status(t, got[2], "gone")
}
