package intake

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

const onePost = `{"result_id":"r1","check_id":"c","check_type":"t","state":"available","status":"s","timestamp":5,"metrics":[]}`

func TestParsePosts(t *testing.T) {
	now := time.UnixMilli(1_700_000_000_000)
	params := []byte(`{"x":1,"results":[` + onePost + `, {"result_id":"bad"},7,null , ` + strings.Replace(onePost, "r1", "r\xff", 1) + `],"y":[]}`)
	list, err := ParsePosts(params, now)
	if err != nil || len(list) != 5 {
		t.Fatalf("%+v, %v", list, err)
	}
	for i := range params { // they are the reader's
		params[i] = 'x'
	}
	first := &list[0].Result
	if list[0].Err != nil || string(first.Params) != onePost || first.CheckID != "c" || first.ResultID != "r1" || !first.Time.Equal(time.UnixMilli(5)) {
		t.Errorf("%+v", list[0])
	}
	for i, want := range map[int]string{1: "check_id has to be", 2: "it is a JSON number", 3: "check_id has to be"} {
		if err := list[i].Err; err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%d: %v, want %s", i, err, want)
		}
	}
	if list[1].Result.ResultID != "bad" {
		t.Errorf("%+v", list[1].Result)
	}
	if last := &list[4]; last.Err != nil || last.Result.ResultID != "r\uFFFD" || !strings.Contains(string(last.Result.Params), `"r`+"\uFFFD"+`"`) {
		t.Errorf("%+v", last)
	}
	if list, err := ParsePosts([]byte(`{"results":[]}`), now); err != nil || len(list) != 0 {
		t.Errorf("none: %v, %v", list, err)
	}
	if list, err := ParseResults([]byte(` [`+onePost+`]`), now); err != nil || len(list) != 1 || list[0].Result.CheckID != "c" {
		t.Errorf("the list alone: %v, %v", list, err)
	}
}

// What is wrong with the frame refuses the frame.
func TestParsePostsOfBadFrames(t *testing.T) {
	for params, want := range map[string]string{
		"":                            "params are missing",
		"7":                           "it is a JSON number",
		"null":                        "it is a JSON null",
		`{}`:                          "one list of results",
		`{"results":[],"results":[]}`: "one list of results",
		`{"results":null}`:            "results is a JSON null",
		`{"results":[7] 8}`:           "cannot be read",
		`{"results":[7]} x`:           "cannot be read",
		"[]":                          "it is a JSON array",
		`{"results":[`:                "cannot be read",
		`{"results":[` + onePost:      "cannot be read",
		`{"results":{}}`:              "JSON object",
		`{"results":"x"}`:             "JSON string",
		`{"results":[` + onePost + strings.Repeat(",0", MaxFrameResults) + `]}`: "more than 4096",
		`{"results":["` + strings.Repeat("x", MaxResultsBytes) + `"]}`:          "more than 4194304",
	} {
		if list, err := ParsePosts(json.RawMessage(params), time.Now()); err == nil || !strings.Contains(err.Error(), want) || list != nil {
			t.Errorf("%.100s: %d, %v, want %s", params, len(list), err, want)
		}
	}
}

func TestAppendMetrics(t *testing.T) {
	params := []byte(`{"metrics":[[null,{"b":{"t":"gauge","v":"+2"},"a":{"t":"gauge","v":"1","u":"s"}}]]}`)
	list := []Metric{{Name: "before"}}
	list, err := AppendMetrics(list, params)
	if err != nil || len(list) != 3 || list[0].Name != "before" || list[1] != (Metric{"", "a", "gauge", "1", "s"}) || list[2] != (Metric{"", "b", "gauge", "2", ""}) {
		t.Errorf("%+v, %v", list, err)
	}
	if list, err = AppendMetrics(list[:1], []byte(`{"metrics":[[null,{"c":{}}],7]}`)); err == nil || len(list) != 1 {
		t.Errorf("%+v, %v", list, err)
	}
}

// FuzzParsePosts: the results of a frame are what each of them is alone.
func FuzzParsePosts(f *testing.F) {
	f.Add([]byte(onePost), []byte(`{"check_id":7}`))
	f.Add([]byte(`{"results":[`), []byte(`null`))
	f.Fuzz(func(t *testing.T, a, b []byte) {
		now := time.UnixMilli(1)
		list := slices.Concat([]byte("[ "), a, []byte(" , "), b, []byte("]"))
		got, err := ParseResults(list, now)
		framed, framedErr := ParsePosts(slices.Concat([]byte(`{"a":0,"results":`), list, []byte(`}`)), now)
		if (err == nil) != (framedErr == nil) || !reflect.DeepEqual(got, framed) && err == nil {
			t.Fatalf("%q: %+v, %v; framed %+v, %v", list, got, err, framed, framedErr)
		}
		var elements []json.RawMessage
		if json.Unmarshal(list, &elements) != nil || len(elements) > MaxFrameResults {
			if err == nil {
				t.Fatalf("%q: %+v", list, got)
			}
			return
		}
		if err != nil || len(got) != len(elements) {
			t.Fatalf("%q: %d results, %v", list, len(got), err)
		}
		for i, params := range elements {
			want, wantErr := ParsePost(params, now)
			if wantErr == nil {
				want.Params = bytes.ToValidUTF8(params, []byte("\uFFFD"))
			}
			if !reflect.DeepEqual(got[i].Result, want) || fmt.Sprint(got[i].Err) != fmt.Sprint(wantErr) {
				t.Fatalf("%q: %+v, want %+v, %v", params, got[i], want, wantErr)
			}
		}
	})
}

func BenchmarkParsePosts(b *testing.B) {
	frame := slices.Concat([]byte(`{"results":[`), bytes.Join(run(b), []byte(",")), []byte("]}"))
	b.SetBytes(int64(len(frame)))
	b.ReportAllocs()
	for b.Loop() {
		if list, err := ParsePosts(frame, time.Time{}); err != nil || len(list) != 7 {
			b.Fatal(list, err)
		}
	}
}

func BenchmarkAppendMetrics(b *testing.B) {
	results := run(b)
	var list []Metric
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		var err error
		if list, err = AppendMetrics(list[:0], results[i%len(results)]); err != nil || len(list) == 0 {
			b.Fatal(list, err)
		}
	}
}
