package fleet

import (
	"errors"
	"testing"
	"time"
)

func TestSum(t *testing.T) {
	var a, b Tally
	for i := range 60 {
		a.add(7, nil, time.Duration(100-i)*time.Millisecond)
	}
	for i := range 40 {
		b.add(7, nil, time.Duration(i+1)*time.Millisecond)
	}
	first := errors.New("first")
	b.add(3, first, time.Second)
	b.add(0, errors.New("second"), time.Second)
	all := sum([]Tally{a, b}, time.Now())
	if all.Sessions != 100 || all.Results != 703 || all.Failed != 2 || all.First != first {
		t.Errorf("%+v", all)
	}
	for part, want := range map[float64]time.Duration{0: 1, 0.5: 51, 0.99: 100, 1: 100} {
		if got := all.Quantile(part); got != want*time.Millisecond {
			t.Errorf("quantile %v: %v", part, got)
		}
	}
	if (&Tally{}).Quantile(0.99) != 0 {
		t.Error("a quantile of nothing")
	}
}
