package admin

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"

	"virgo/cmd/virgo-endpoint/internal/folder"
	"virgo/cmd/virgo-endpoint/internal/watch"
)

// A brokenAudit cannot be written.
type brokenAudit struct{ watch.Audit }

func (brokenAudit) Begin(context.Context, watch.Entry) (int64, error) {
	return 0, errors.New("disk full")
}

// Of two who change the same thing, by any process, one is told.
func TestTwoWriters(t *testing.T) {
	s := newSite(t)
	second := New(s.Options) // as of another process: it shares nothing but the folder and the stores
	first, err := s.Schedule(actor(watch.SchedulesScope), "default")
	if err != nil {
		t.Fatal(err)
	}
	errs := make([]error, 2)
	var wg sync.WaitGroup
	for i, a := range []*Admin{s.Admin, second} {
		wg.Go(func() {
			text := strings.Replace(goodSchedule, "cpu,", []string{"one,", "two,"}[i], 1)
			_, errs[i] = a.PutSchedule(t.Context(), actor(watch.SchedulesScope), "default", []byte(text), Match{ETag: first.ETag})
		})
	}
	wg.Wait()
	var changed *Changed
	if (errs[0] == nil) == (errs[1] == nil) || !errors.As(errors.Join(errs...), &changed) {
		t.Fatalf("%v", errs)
	}
	now, err := s.Schedule(actor(watch.SchedulesScope), "default")
	if err != nil || now.ETag != changed.ETag {
		t.Errorf("%+v, %v, want %q", now, err, changed.ETag)
	}
	if list := s.log(); len(list) != 1 {
		t.Errorf("%d records", len(list))
	}
}

func TestMatch(t *testing.T) {
	for _, c := range []struct {
		m     Match
		etag  string
		fails bool
	}{
		{Match{ETag: "a"}, "a", false}, {Match{ETag: "a"}, "b", true}, {Match{ETag: "a"}, "", true}, {Match{}, "", true}, {Match{}, "a", true},
		{Match{New: true}, "", false}, {Match{New: true}, "a", true}, {Match{Any: true}, "", false}, {Match{Any: true}, "a", false},
	} {
		if err := c.m.check(c.etag); (err != nil) != c.fails {
			t.Errorf("%+v, %q: %v", c.m, c.etag, err)
		}
	}
}

// A schedule with any mistake is refused with its line, and what was there stays.
func TestInvalidScheduleIsRefused(t *testing.T) {
	s := newSite(t)
	by := actor(watch.SchedulesScope)
	text := goodSchedule + "- {id: b, type: agent.cpu, perid: 5}\n"
	_, err := s.PutSchedule(t.Context(), by, "web1", []byte(text), Match{New: true})
	var bad *Invalid
	if !errors.As(err, &bad) || len(bad.Problems) != 1 || folder.PlaceOf(bad.Problems[0]).Line != 2 || bad.Problems[0].CheckID != "b" {
		t.Fatalf("%v", err)
	}
	if _, err := s.PutSchedule(t.Context(), by, "../web1", []byte(goodSchedule), Match{New: true}); !errors.As(err, &bad) {
		t.Errorf("a name that leads out: %v", err)
	}
	if err := s.DeleteSchedule(t.Context(), by, "default", Match{Any: true}); !errors.As(err, &bad) {
		t.Errorf("without a default: %v", err)
	}
	if err := s.DeleteSchedule(t.Context(), by, "web7", Match{Any: true}); !errors.Is(err, ErrNotFound) {
		t.Errorf("%v", err)
	}
	if list, err := s.Schedules(actor(watch.ReadScope)); err != nil || len(list) != 1 || list[0].Name != "default" {
		t.Errorf("%+v, %v", list, err)
	}
	if _, err := s.Schedule(actor(watch.ReadScope), "default"); err == nil {
		t.Error("whoever reads sees passwords in schedules")
	}
}
