package run

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"virgo/cmd/internal/link"
	"virgo/collect"
	"virgo/schedule/policy"
	"virgo/spool"
	"virgo/transport"
	"virgo/transport/transporttest"
)

// exampleParams gives the params of an example request of transport/PROTOCOL.md.
func exampleParams(t *testing.T, name string) string {
	t.Helper()
	p, err := transporttest.ReadProtocol()
	if err != nil {
		t.Fatal(err)
	}
	text, err := p.Example(name)
	if err != nil {
		t.Fatal(err)
	}
	var f struct{ Params json.RawMessage }
	if err := json.Unmarshal([]byte(text), &f); err != nil {
		t.Fatal(err)
	}
	return string(f.Params)
}

func TestProtocolPostExample(t *testing.T) {
	made := time.UnixMilli(1767139200000)
	r := collect.Result{
		CheckID: "root", CheckType: "agent.filesystem", State: collect.Available, Status: "success",
		Time: made, MinCheckPeriod: 5 * time.Minute,
		Metrics: []collect.Metric{
			{Name: "total", Type: collect.Int64, Value: "41152736", Unit: "kilobytes"},
			{Name: "free", Type: collect.Int64, Value: "32305408", Unit: "kilobytes"},
			{Name: "options", Type: collect.String, Value: "rw,relatime"},
		},
	}
	record := spool.Record{ID: "web1/0f3a9c5b2e7d1846-2a", Order: 42, Made: made, Data: r.AppendJSON(nil)}
	want := exampleParams(t, transport.MethodPost+" request")
	if got := string(link.Post(record, made.Add(24*time.Hour))); got != want {
		t.Errorf("example\n%s\npost\n%s", want, got)
	}
	if got := string(link.Post(record, made)); got != strings.Replace(want, `"late":true,"age_ms":86400000,`, "", 1) {
		t.Errorf("not late\n%s", got)
	}
}

func TestProtocolRefusedExample(t *testing.T) {
	made := time.UnixMilli(1767139200000)
	refusal := &policy.RefusedError{Type: "agent.plugin", Field: "file", Value: "backup-age.sh"}
	r := collect.Result{
		CheckID: "backup", CheckType: "agent.plugin", State: collect.Unavailable, Refused: true, Status: refusal.Error(),
		Time: made, MinCheckPeriod: 5 * time.Minute,
	}
	record := spool.Record{ID: "web1/0f3a9c5b2e7d1846-2b", Order: 43, Made: made, Data: r.AppendJSON(nil)}
	want := exampleParams(t, transport.MethodPost+" request, refused")
	if got := string(link.Post(record, made)); got != want {
		t.Errorf("example\n%s\npost\n%s", want, got)
	}
	read, err := collect.ParseResult([]byte(want))
	if err != nil || !read.Refused {
		t.Errorf("read as %+v, %v", read, err)
	}
}

// The results of a frame of several are written as those of single posts.
func TestProtocolMultiExamples(t *testing.T) {
	var plain struct{ Results []json.RawMessage }
	if err := json.Unmarshal([]byte(exampleParams(t, transport.MethodPostMulti+" request")), &plain); err != nil {
		t.Fatal(err)
	}
	p, err := transporttest.ReadProtocol()
	if err != nil {
		t.Fatal(err)
	}
	text, err := p.Example("results")
	if err != nil {
		t.Fatal(err)
	}
	var late []json.RawMessage
	if err := json.Unmarshal([]byte(text), &late); err != nil {
		t.Fatal(err)
	}
	for _, want := range append(plain.Results, late...) {
		var fields struct {
			ID    string `json:"result_id"`
			Order uint64
			AgeMS int64 `json:"age_ms"`
		}
		r, err := collect.ParseResult(want)
		if err = errors.Join(err, json.Unmarshal(want, &fields)); err != nil {
			t.Fatalf("%s: %v", want, err)
		}
		record := spool.Record{ID: fields.ID, Order: fields.Order, Made: r.Time, Data: r.AppendJSON(nil)}
		now := r.Time.Add(time.Duration(fields.AgeMS) * time.Millisecond)
		if got := string(link.Post(record, now)); got != string(want) {
			t.Errorf("example\n%s\npost\n%s", want, got)
		}
	}
}

func TestProtocolLossExample(t *testing.T) {
	loss := spool.Loss{ID: "web1/0f3a9c5b2e7d1846-30", Drops: []spool.Drop{{
		Cause: spool.CauseSpace, Records: 12, Bytes: 5160,
		First: time.UnixMilli(1767139200000), Last: time.UnixMilli(1767142800000),
	}}}
	now := time.UnixMilli(1767225600123)
	want := exampleParams(t, transport.MethodPost+" request, losses")
	if got := string(link.Post(lossRecord(loss, now), now)); got != want {
		t.Errorf("example\n%s\npost\n%s", want, got)
	}
}
