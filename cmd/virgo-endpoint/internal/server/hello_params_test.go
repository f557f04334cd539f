package server

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"virgo/cmd/virgo-endpoint/internal/peertest"
)

// helloSamples are params of hellos; whether they are read without encoding/json.
var helloSamples = []struct {
	params string
	plain  bool
}{
	{peertest.Hello("a", "token"), true},
	{peertest.KeyParams("a", "", "key", 7, "proof"), true},
	{`{ "agent_id" : "ä" , "features":[{"name":"x","version":"1"}],"schedule_hash":"", "timestamp":1.5,"session":"x" }`, true},
	{`{"agent_id":"a","bundle_state":"back 2.0.0: it fails","bundle_name":"own","bundle_channel":"beta","features":[{"name":"bundle_upgrade","version":"1"}]}`, true},
	{`{"features":[{"name":"bundle_upgrade"}],"features":[]}`, false},
	{`{"features":null}`, true}, {`{"features":{"bundle_upgrade":7}}`, true}, {`{"features":["bundle_upgrade"]}`, true},
	{`{}`, true},
	{`{"agent_id":"a\u0062"}`, false},
	{`{"Agent_ID":"a"}`, false},
	{`{"agent_id":null}`, false},
	{`{"agent_id":7}`, false},
	{`{"agent_id":"a","agent_id":"b"}`, false},
	{`{"agent_id":"a","more":{}}`, false},
	{"{\"agent_id\":\"\xff\"}", false},
	{`{"schedule_hash":null}`, false},
	{`[]`, false}, {`null`, false}, {`7`, false}, {`"x"`, false},
}

func TestHelloParams(t *testing.T) {
	for _, tc := range helloSamples {
		var p helloParams
		if plain := p.parsePlain([]byte(tc.params)); plain != tc.plain {
			t.Errorf("%s: plain %v", tc.params, plain)
		}
		sameAsJSON(t, []byte(tc.params))
	}
}

func FuzzHelloParams(f *testing.F) {
	for _, tc := range helloSamples {
		f.Add([]byte(tc.params))
	}
	f.Fuzz(func(t *testing.T, params []byte) {
		if json.Valid(params) && !strings.Contains(string(params), "\r\n") { // as frames' params are
			sameAsJSON(t, params)
		}
	})
}

// sameAsJSON compares what is read with what encoding/json reads.
func sameAsJSON(t *testing.T, params []byte) {
	t.Helper()
	var want helloParams
	wantErr := json.Unmarshal(params, &want)
	got, err := parseHello(params)
	if (err == nil) != (wantErr == nil) {
		t.Fatalf("%q: %v, encoding/json says %v", params, err, wantErr)
	}
	if err == nil && !reflect.DeepEqual(got, want) {
		t.Errorf("%q: read as\n%+v, by encoding/json as\n%+v", params, got, want)
	}
}

func BenchmarkHelloParams(b *testing.B) {
	params := []byte(peertest.KeyParams("agent-000017", "", strings.Repeat("k", 44), 7, strings.Repeat("p", 88)))
	for b.Loop() {
		if _, err := parseHello(params); err != nil {
			b.Fatal(err)
		}
	}
}
