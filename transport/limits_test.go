package transport

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

func TestWelcomeLimits(t *testing.T) {
	var features []string
	for i := range maxFeatures + 1 {
		features = append(features, fmt.Sprintf(`{"name":"f%d","version":1}`, i))
	}
	w, err := parseWelcome([]byte(`{"heartbeat_interval":1e15,"features":[` + strings.Join(features, ",") + `]}`))
	if err != nil || w.HeartbeatInterval != 24*time.Hour || len(w.Features) != 64 || w.Features[63] != (Feature{"f63", "1"}) {
		t.Errorf("interval %v, %d features, %v", w.HeartbeatInterval, len(w.Features), err)
	}
	name := strings.Repeat("n", MaxNameBytes-1)
	w, err = parseWelcome([]byte(`{"features":[{"name":"` + name + `","version":"12"},{"name":"` + name + `","version":"1"},"plain"]}`))
	if err != nil || len(w.Features) != 2 || w.Features[0].Version != "1" || !w.Has("plain") {
		t.Errorf("features %.100v, %v", w.Features, err)
	}
}

func TestRequestLimits(t *testing.T) {
	request := func(bytes int) *Frame {
		return &Frame{V: Version, HasID: true, Method: "m", Params: make([]byte, bytes)}
	}
	s := new(Session)
	for _, size := range []int{maxRequestBytes - 1, 1} {
		if err := s.takeRequest(request(size)); err != nil {
			t.Fatalf("%d bytes: %v", size, err)
		}
	}
	if err := s.takeRequest(request(1)); err == nil {
		t.Errorf("%d bytes wait", maxRequestBytes+1)
	}
	s = new(Session)
	for i := range MaxRequests {
		if err := s.takeRequest(request(0)); err != nil {
			t.Fatalf("request %d: %v", i+1, err)
		}
	}
	if err := s.takeRequest(request(0)); err == nil {
		t.Errorf("%d requests", MaxRequests+1)
	}
}

func TestUnexpectedResponseLimit(t *testing.T) {
	s := &Session{greeted: true}
	response := &Frame{V: Version, ID: 99, HasID: true}
	for i := range maxUnexpectedResponses {
		if err := s.takeResponse(response); err != nil {
			t.Fatalf("response %d: %v", i+1, err)
		}
	}
	if err := s.takeResponse(response); err == nil {
		t.Errorf("%d unexpected responses", maxUnexpectedResponses+1)
	}
}

func TestDuplicateFields(t *testing.T) {
	for _, field := range []string{
		`"v":"1"`, `"id":1`, `"source":"a"`, `"target":"a"`, `"method":"m"`, `"params":0`, `"result":0`, `"error":{"code":1}`,
	} {
		name, _, _ := strings.Cut(field, ":")
		if _, err := read(t, "{"+field+","+field+"}"); err == nil || !strings.Contains(err.Error(), "duplicate field "+name) {
			t.Errorf("%s twice: %v", field, err)
		}
	}
	if _, err := read(t, `{"v":"1","id":1,"result":0,"x":1,"x":2}`); err != nil {
		t.Errorf("an unknown field twice: %v", err)
	}
}
