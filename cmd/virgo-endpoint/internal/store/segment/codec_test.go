package segment

import (
	"bytes"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"

	"virgo/cmd/virgo-endpoint/internal/intake"
)

// coded returns results as a blob gives them back.
func coded(t testing.TB, results []intake.Result, dictionary []byte) []intake.Result {
	t.Helper()
	c, err := newCodec("test", dictionary, true)
	if err != nil {
		t.Fatal(err)
	}
	defer c.close()
	n, least, most := together(results)
	if n != len(results) {
		t.Fatalf("%d of %d results are together", n, len(results))
	}
	b := Blob{Seq: results[0].Seq, Agent: 7, Received: begun.UnixMilli(), Least: least, Most: most}
	data := c.encode(nil, &b, results)
	got := Blob{Seq: b.Seq, Agent: b.Agent, Received: b.Received, Least: b.Least, Most: b.Most}
	if err := c.decode(&got, data); err != nil {
		t.Fatal(err)
	}
	list, err := got.Results(nil)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// What params say is not stored again, and whatever they say, each field comes back as it was.
func FuzzResults(f *testing.F) {
	session := newFleet(f).session(3, begun)
	f.Add([]byte(session[0].Params), session[0].ResultID, "cpu", "agent.cpu", "available", "success", begun.UnixMilli(), uint64(1), int64(0), int64(0), uint8(3))
	f.Add([]byte(`{"order":007,"timestamp":-0,"state":"a\"b"}`), "a/0000000000000001-1", "", "\x00", `a\`, `a"b`, int64(0), uint64(7), int64(-1), int64(5), uint8(255))
	f.Add([]byte(`"check_id":"`), "", "", "", "", "", int64(math.MinInt32), uint64(math.MaxUint64), int64(math.MaxInt64), int64(math.MinInt64), uint8(8))
	f.Add([]byte(nil), "x", "y", "z", "w", strings.Repeat("€", 300), int64(1), uint64(0), int64(0), int64(0), uint8(0))
	f.Fuzz(func(t *testing.T, params []byte, id, check, kind, state, status string, at int64, order uint64, age, offset int64, bits uint8) {
		at = max(intake.MinTimeMS, min(at, intake.MaxTimeMS-1000))
		one := intake.Result{Seq: 5, ResultID: id, CheckID: check, CheckType: kind, State: state, Status: status, Time: time.UnixMilli(at),
			Received: begun, Params: params, Late: bits&1 != 0, Refused: bits&2 != 0}
		if one.Params == nil {
			one.Params = []byte{}
		}
		if bits&4 != 0 {
			one.Order = &order
		}
		if bits&8 != 0 {
			one.AgeMS = &age
		}
		if bits&16 != 0 {
			one.ClockOffsetMS = &offset
		}
		// One that says the same by itself, and one whose params are those of the first.
		same, other := one, one
		same.Seq, same.CheckID = 6, string(textIn(params, checkIDField))
		if n, ok := numberIn(params, orderField); ok && n >= 0 {
			found := uint64(n)
			same.Order = &found
		}
		other.Seq, other.ClockOffsetMS = 9, nil
		want := []intake.Result{one, same, other}
		for _, dictionary := range [][]byte{nil, bytes.Repeat(params, 3)} {
			if got := coded(t, want, dictionary); !reflect.DeepEqual(got, want) {
				t.Fatalf("%+v, want %+v", got, want)
			}
		}
	})
}

// Content that nobody wrote is an error or results, never a panic, and never more than it has.
func FuzzContent(f *testing.F) {
	session := newFleet(f).session(3, begun)
	for i := range session {
		session[i].Seq = int64(i + 1)
	}
	f.Add(appendContent(nil, session, begun.UnixMilli()), uint16(len(session)))
	f.Add([]byte{0xff, 0xff, 0xff, 0xff, 0x0f, 1}, uint16(1))
	f.Fuzz(func(t *testing.T, content []byte, count uint16) {
		list, err := readContent(nil, content, int(count), 1, 0, 0)
		if err == nil && len(list) != int(count) {
			t.Errorf("%d results, want %d", len(list), count)
		}
	})
}

func FuzzContact(f *testing.F) {
	offset, waiting := int64(-7), int64(12)
	c := Contact{Seen: 5, Registration: 3, Highest: 9, HasHighest: true, Hello: &intake.Hello{Name: "n", Remote: "r", Session: 4, ClockOffsetMS: &offset},
		Sessions: intake.Sessions{Last: 7, From: "h", Elsewhere: 1, ElsewhereAt: begun, ElsewhereFrom: [2]string{"a", "b"}}}
	for _, r := range newFleet(f).session(3, begun) {
		r.Received = begun
		c.Note(&r)
	}
	c.Checks[1].Waiting, c.Checks[2].RefusedAt = &waiting, 4
	f.Add(AppendContact(nil, &c))
	f.Add(AppendContact(nil, &Contact{}))
	f.Add(AppendContact(nil, &Contact{Hello: &intake.Hello{BundleState: "trial"}}))
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := ParseContact(data)
		if err != nil {
			return
		}
		again, err := ParseContact(AppendContact(nil, &c))
		if err != nil || !reflect.DeepEqual(again, c) {
			t.Errorf("%+v is %+v, %v", c, again, err)
		}
	})
}

// Results are in one blob as long as their times and their size allow.
func TestTogether(t *testing.T) {
	at := func(minutes ...int) (list []intake.Result) {
		for _, m := range minutes {
			list = append(list, intake.Result{Time: begun.Add(time.Duration(m) * time.Minute), Params: []byte("{}")})
		}
		return list
	}
	large := at(0, 0, 0)
	large[1].Params = make([]byte, 4<<20)
	for i, test := range []struct {
		results []intake.Result
		want    int
	}{
		{at(0), 1}, {at(0, 60), 2}, {at(0, 61), 1}, {at(30, 0, 60, 61), 3}, {at(0, -60, 1), 2}, {large, 1}, {large[1:], 1},
		{make([]intake.Result, MaxCount+1), MaxCount},
	} {
		if n, least, most := together(test.results); n != test.want || most-least > MaxSpan.Milliseconds() || least > most {
			t.Errorf("%d: %d results from %d to %d, want %d", i, n, least, most, test.want)
		}
	}
}

// Two results are one if and only if their ids are equal; and an agent's name in the id is not the agent's.
func TestIDs(t *testing.T) {
	var ids IDs
	seen := map[ID]string{}
	for _, text := range []string{
		"a/0000000000000001-1", "b/0000000000000001-1", "/0000000000000001-1", "a/b/0000000000000001-1", "a/0000000000000001-2",
		"a/0000000000000002-1", "a/0000000000000001-01", "a/0000000000000001-", "a/0000000000000001-m1", "a/1-1", "0000000000000001-1", "x",
		"a/0000000000000001-7fffffffffffffff", "a/0000000000000001-8000000000000000", "a/0000000000000001-ffffffffffffffff",
	} {
		id := ids.Of(text)
		if other, ok := seen[id]; ok {
			t.Errorf("%q and %q are one", text, other)
		}
		seen[id] = text
		if again := new(IDs).Of(text); again != id {
			t.Errorf("%q: %v, then %v", text, id, again)
		}
	}
	for text, want := range map[string]bool{"a/0000000000000001-1": true, "a/0000000000000001-m1": false,
		"a/0000000000000001-7fffffffffffffff": true, "a/0000000000000001-8000000000000000": false} {
		if _, ok := ids.Of(text).Order(); ok != want {
			t.Errorf("%q has an order: %v", text, ok)
		}
	}
}
