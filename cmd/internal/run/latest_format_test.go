package run

import (
	"fmt"
	"reflect"
	"testing"
	"time"

	"virgo/collect"
)

func TestLatestFormat(t *testing.T) {
	r := collect.Result{
		CheckID: "id", CheckType: "agent.x", State: collect.Available, Status: "well", Time: time.UnixMilli(1_700_000_000_123),
		MinCheckPeriod: time.Minute,
	}
	for i, typ := range metricTypes() {
		for _, dimension := range []string{"", "d", ""} {
			r.Metrics = append(r.Metrics, collect.Metric{Dimension: dimension, Name: fmt.Sprint("m", i), Type: typ, Value: "1", Unit: "bytes"})
		}
	}
	r.Metrics = append(r.Metrics, collect.Metric{Name: "ü{a=\"b\"}", Type: collect.String})
	if got, ok := parseLatest("id", appendLatest(nil, r)); !ok || !reflect.DeepEqual(got, r) {
		t.Errorf("got  %+v, %v\nwant %+v", got, ok, r)
	}
	if stored, sent := len(appendLatest(nil, r)), len(r.AppendJSON(nil)); stored > sent/2 {
		t.Errorf("%d bytes are stored of %d that are sent", stored, sent)
	}

	// What separates fields and lines, within a text.
	odd := collect.Result{CheckType: "a\tb", Status: "c\nd", Metrics: []collect.Metric{
		{Dimension: "\te", Name: "f\n", Type: collect.String, Value: "\t", Unit: "g\th"},
	}}
	got, ok := parseLatest("", appendLatest(nil, odd))
	if !ok || got.CheckType != "a b" || got.Status != "c d" || len(got.Metrics) != 1 ||
		got.Metrics[0] != (collect.Metric{Dimension: " e", Name: "f ", Type: collect.String, Value: " ", Unit: "g h"}) {
		t.Errorf("%+v, %v", got, ok)
	}

	// A long one has no metrics.
	for range 2000 {
		r.Metrics = append(r.Metrics, r.Metrics[0])
	}
	stored := appendLatest(nil, r)
	if got, ok := parseLatest("id", stored); !ok || got.Metrics != nil || got.Status != "well" || len(stored) > 100 {
		t.Errorf("%d bytes: %+v, %v", len(stored), got, ok)
	}
}

func FuzzParseLatest(f *testing.F) {
	f.Add([]byte("1\tagent.x\tavailable\tsuccess\t1700000000123\t60000\nm\t1\t5\tbytes\n\td\nm\t0\ttext\t\n"))
	f.Add([]byte("1\ta\tb\tc\t1\t2"))
	f.Add([]byte("2\ta\tb\tc\t1\t2\n"))
	f.Add([]byte("1\ta\tb\tc\t1\t2\nm\t9\t5\t\n"))
	f.Fuzz(func(t *testing.T, stored []byte) {
		r, ok := parseLatest("id", stored)
		if !ok {
			return
		}
		again, ok := parseLatest("id", appendLatest(nil, r))
		if len(r.Metrics) < 10 && len(stored) < maxLatestBytes/2 && (!ok || len(again.Metrics) != len(r.Metrics)) {
			t.Errorf("%q is %+v, then %+v", stored, r, again)
		}
	})
}
