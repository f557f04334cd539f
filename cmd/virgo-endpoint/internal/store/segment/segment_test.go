package segment

import (
	"fmt"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"virgo/cmd/virgo-endpoint/internal/intake"
	"virgo/transport/receipt"
)

var begun = time.UnixMilli(1_800_000_000_000)

func newSegment(t testing.TB, dictionary []byte) *Segment {
	t.Helper()
	path := filepath.Join(t.TempDir(), "000001.db")
	if err := Create(path, Options{Number: 1, First: 1, Begun: begun, Dictionary: dictionary}); err != nil {
		t.Fatal(err)
	}
	return openAt(t, path)
}

func openAt(t testing.TB, path string) *Segment {
	t.Helper()
	s, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// result is the n-th result of an agent as a current agent sends it.
func result(agent string, start, n uint64, at time.Time) intake.Result {
	order := n
	id := receipt.ID(agent, start, n)
	return intake.Result{ResultID: id, CheckID: fmt.Sprint("check", n%7), CheckType: "agent.cpu", State: "available",
		Status: "success", Time: at, Order: &order,
		Params: fmt.Appendf(nil, `{"result_id":%q,"order":%d,"check_id":"check%d","check_type":"agent.cpu","state":"available","status":"success","timestamp":%d,"min_check_period":60000,"metrics":[[null,{"user_percent_average":{"t":"double","v":"%d.%d","u":"percent"}}]]}`,
			id, n, n%7, at.UnixMilli(), n%100, n*7919%1000)}
}

func TestStoreAndRead(t *testing.T) {
	s := newSegment(t, nil)
	tx, err := s.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback()
	var want []intake.Result
	seq := tx.Next()
	for agent := int64(1); agent <= 3; agent++ {
		var list []intake.Result
		for n := range 20 {
			r := result("web", 77, uint64(agent*100)+uint64(n), begun.Add(time.Duration(n)*10*time.Minute))
			r.Seq = seq
			seq++
			list = append(list, r)
		}
		if err := tx.Add(agent, begun, list); err != nil {
			t.Fatal(err)
		}
		c := Contact{Seen: 5}
		for i := range list {
			list[i].Received = begun
			c.Note(&list[i])
		}
		if err := tx.PutContact(agent, &c); err != nil {
			t.Fatal(err)
		}
		want = append(want, list...)
	}
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
	for i := range want {
		want[i].Received = begun
	}
	for range 2 {
		var got []intake.Result
		if err := s.Blobs(t.Context(), 0, 1<<40, func(b *Blob) (err error) {
			got, err = b.Results(got)
			return err
		}); err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("%+v, want %+v", got, want)
		}
		if err := s.Verify(t.Context()); err != nil {
			t.Fatal(err)
		}
		var found receipt.Ranges
		if err := s.Held(t.Context(), 2, "web", []receipt.Range{{Start: 77, From: 205, To: 300}}, &found); err != nil || fmt.Sprint(found.List()) != "[000000000000004d-cd-db]" {
			t.Errorf("%v %v", found.List(), err)
		}
		if list, err := s.OfAgent(t.Context(), 3, 0); err != nil || len(list) != 3 {
			t.Errorf("%v, %v", list, err)
		}
		c, ok, err := s.Contact(t.Context(), 2)
		if err != nil || !ok || c.Results != 20 || len(c.Checks) != 7 || c.Checks[3].Period != time.Minute {
			t.Errorf("%+v, %v, %v", c, ok, err)
		}
		b, err := s.Bounds(t.Context())
		if err != nil || b.Next != 61 || b.Empty || b.Least != begun.UnixMilli() {
			t.Errorf("%+v, %v", b, err)
		}
		if s.Sealed() {
			break
		}
		tx, err := s.Begin(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if err := tx.Seal(); err != nil {
			t.Fatal(err)
		}
		if err := s.Finish(t.Context()); err != nil {
			t.Fatal(err)
		}
		s = openAt(t, s.Path())
		if !s.Sealed() {
			t.Fatal("not opened as sealed")
		}
	}
}
