package spool

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

func TestRecordRoundTrip(t *testing.T) {
	for _, e := range []Entry{
		{},
		entry("data"),
		{Agent: strings.Repeat("a", MaxAgentBytes), Made: time.UnixMilli(-1), Data: []byte{0, 255, '\n'}},
	} {
		v := appendRecord(nil, 7, 8, 9, &e)
		if len(v)+keyBytes != recordSize(e.Agent, len(e.Data)) {
			t.Errorf("%d bytes, recordSize says %d", len(v)+keyBytes, recordSize(e.Agent, len(e.Data)))
		}
		r, err := parseRecord(7, v)
		if err != nil || r.at != 8 || r.start != 9 || r.made != e.Made.UnixMilli() ||
			string(r.agent) != e.Agent || !bytes.Equal(r.data, e.Data) {
			t.Errorf("%v became %+v, %v", e, r, err)
		}
		if _, err := parseRecord(8, v); err == nil {
			t.Error("a record under another key passes")
		}
		for i := range v {
			for bit := range 8 {
				v[i] ^= 1 << bit
				if _, err := parseRecord(7, v); err == nil {
					t.Fatalf("byte %d, bit %d flipped: passes", i, bit)
				}
				v[i] ^= 1 << bit
			}
		}
		for i := range v {
			if _, err := parseRecord(7, v[:i]); err == nil {
				t.Fatalf("truncated to %d bytes: passes", i)
			}
		}
	}
}

func TestIDs(t *testing.T) {
	var b strings.Builder
	writeID(&b, []byte("a/b-c"), 0xab, 0x1f)
	if got, want := b.String(), "a/b-c/00000000000000ab-1f"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if len(b.String()) > idSize(len("a/b-c")) {
		t.Error("longer than idSize")
	}
}

func TestReasons(t *testing.T) {
	for _, tt := range []struct{ message, want string }{
		{"no such check", "no such check"},
		{"", ""},
		{"bad \xff utf8", "bad \ufffd utf8"},
		{strings.Repeat("ü", maxReason), strings.Repeat("ü", maxReason/2)},
		{"x" + strings.Repeat("ü", maxReason), "x" + strings.Repeat("ü", maxReason/2-1)},
	} {
		v := appendReason(nil, &Refusal{Code: -400, Message: tt.message}, testTime)
		r, rest, ok := parseReason(append(v, "rest"...))
		if !ok || r.Code != -400 || r.Message != tt.want || !r.Time.Equal(testTime) || string(rest) != "rest" {
			t.Errorf("%.20q became %+v, %q, %v", tt.message, r, rest, ok)
		}
	}
}

func FuzzRecord(f *testing.F) {
	for i, e := range []Entry{{}, entry("data"), entry(strings.Repeat("x", 100))} {
		v := appendRecord(nil, uint64(i+1), 1, 2, &e)
		f.Add(uint64(i+1), v)
		f.Add(uint64(i+9), appendMoved(nil, uint64(i+9), uint64(i+1), v[summedFrom:]))
	}
	f.Add(uint64(1), []byte{kindPlain})
	f.Add(uint64(1), make([]byte, recordFixed))
	f.Fuzz(func(t *testing.T, seq uint64, v []byte) {
		r, err := parseRecord(seq, v)
		if err != nil {
			// The same bytes with a valid sum, to test the form alone.
			if len(v) < recordFixed {
				return
			}
			v = bytes.Clone(v)
			binary.BigEndian.PutUint32(v[sumAt:], recordSum(seq, v))
			if r, err = parseRecord(seq, v); err != nil {
				return
			}
		}
		if v[0] == kindMoved && r.order == r.seq {
			return // which is never written
		}
		if again := r.appendValue(nil); !bytes.Equal(again, v) {
			t.Errorf("%x decoded and encoded is %x", v, again)
		}
		if r.bytes() != keyBytes+len(v) {
			t.Errorf("%d bytes are counted as %d", keyBytes+len(v), r.bytes())
		}
	})
}

// An invalid group is an error. A valid one has as many records as it says, and marks what is
// removed.
func FuzzGroup(f *testing.F) {
	var p groupWriter
	for i := range uint64(5) {
		e := entry(strings.Repeat("data ", int(i)))
		r, err := parseRecord(2*i+3, appendRecord(nil, 2*i+3, i, 7, &e))
		if err != nil || !p.add(&r) {
			f.Fatal(err)
		}
	}
	f.Add(p.last, p.value())
	f.Add(uint64(1), make([]byte, groupFixed+2))
	f.Fuzz(func(t *testing.T, key uint64, v []byte) {
		if len(v) >= groupFixed {
			v = bytes.Clone(v)
			v[0] = kindGroup
			binary.BigEndian.PutUint32(v[sumAt:], recordSum(key, v))
		}
		g, err := parseGroup(key, v)
		if err != nil {
			return
		}
		list, _, err := g.records(nil)
		if err != nil {
			return
		}
		if len(list) != g.queued() {
			t.Fatalf("%d records, counted as %d", len(list), g.queued())
		}
		for _, r := range list {
			left, err := parseGroup(key, g.without(r.seq))
			if err != nil || left.queued() != len(list)-1 || left.has(r.seq) {
				t.Fatalf("%d removed of %d records: %d left, %v", r.seq, len(list), left.queued(), err)
			}
		}
	})
}

func FuzzReason(f *testing.F) {
	f.Add(appendReason(nil, &Refusal{Code: 400, Message: "no"}, testTime))
	f.Add([]byte(nil))
	f.Add(make([]byte, reasonFixed))
	f.Fuzz(func(t *testing.T, v []byte) {
		r, rest, ok := parseReason(v)
		if !ok {
			return
		}
		if len(rest) > len(v)-reasonFixed || !utf8.ValidString(r.Message) {
			t.Errorf("%x decoded is %+v and %d bytes", v, r, len(rest))
		}
		again, _, ok := parseReason(appendReason(nil, &r, r.Time))
		if !ok || fmt.Sprint(again) != fmt.Sprint(r) && len(r.Message) <= maxReason {
			t.Errorf("%+v encoded and decoded is %+v", r, again)
		}
	})
}
