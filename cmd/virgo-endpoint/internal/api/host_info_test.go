package api

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"virgo/cmd/virgo-endpoint/internal/watch"
)

// number is the number of an agent.
func (s *served) number(id string) watch.Question {
	s.t.Helper()
	list, err := s.store.Agents(s.t.Context(), id)
	if err != nil || len(list) != 1 {
		s.t.Fatalf("%v, %v", list, err)
	}
	return watch.Question{Agent: list[0].Number}
}

// A question waits until the host answers; its answer is there for whoever may read.
func TestHostInfo(t *testing.T) {
	s := serve(t)
	s.fill()
	by, id := s.admin(watch.AgentsScope)
	for range 2 { // once more changes nothing
		if a := s.send("POST", "/v1/agents/web1/info/cpu", "", "Authorization", by); a.code != http.StatusAccepted || a.json(t)["type"] != "cpu" {
			t.Fatalf("%d %s", a.code, a.body)
		}
	}
	doc := s.get("/v1/agents/web1/info").json(t)
	if got := fmt.Sprint(doc["waiting"]); got != fmt.Sprintf("[map[asked_ms:%.12g by:%s type:cpu]]", float64(epoch.UnixMilli()), id) {
		t.Errorf("waiting %s", got)
	}
	if got := s.get("/v1/agents/web2/info").json(t); len(got["waiting"].([]any)) != 0 {
		t.Errorf("of another agent: %v", got)
	}
	i := watch.Info{Question: s.number("web1"), Answered: epoch.Add(time.Minute), Outcome: watch.InfoAnswered, Error: "a part", Metrics: []byte(`[{"n":1.50}]`)}
	i.Type = "cpu"
	if err := s.control.HostInfo().Settle(t.Context(), i); err != nil {
		t.Fatal(err)
	}
	a := s.get("/v1/agents/web1/info/cpu")
	if doc := a.json(t); a.code != 200 || doc["outcome"] != "answered" || doc["error"] != "a part" || !strings.Contains(string(a.body), `"metrics":[{"n":1.50}]`) {
		t.Errorf("%d %s", a.code, a.body)
	}
	doc = s.get("/v1/agents/web1/info").json(t)
	if answers := doc["answers"].([]any); len(answers) != 1 || len(doc["waiting"].([]any)) != 0 || answers[0].(map[string]any)["bytes"] != 12.0 {
		t.Errorf("%v", doc)
	}
}

func TestQuestionsThatAreRefused(t *testing.T) {
	s := serve(t)
	s.fill()
	by, _ := s.admin(watch.AgentsScope)
	ask := func(path string, code int, text string) {
		t.Helper()
		s.pass(time.Minute)
		a := s.send("POST", path, "", "Authorization", by)
		if s.valid("POST", "/v1/agents/web1/info/cpu", a); a.code != code || !strings.Contains(string(a.body), text) {
			t.Errorf("%s: %d %s", path, a.code, a.body)
		}
	}
	ask("/v1/agents/nobody/info/cpu", 404, "nobody")
	ask("/v1/agents/web1/info/CPU", 422, "type of host information")
	ask("/v1/agents/web1/info/"+strings.Repeat("x", 65), 422, "64")
	if n := len(s.records()); n != 0 {
		t.Errorf("%d records of what was refused", n)
	}
	for n := range watch.MaxQuestions {
		ask(fmt.Sprint("/v1/agents/web1/info/type", n), 202, "web1")
	}
	ask("/v1/agents/web1/info/cpu", 409, "wait already")
	// A removed agent is forgotten.
	if a := s.send("DELETE", "/v1/agents/web1", "", "Authorization", by, "If-Match", "*"); a.code != 200 {
		t.Fatalf("%d %s", a.code, a.body)
	}
	if list, err := s.control.HostInfo().Waiting(t.Context()); err != nil || len(list) != 0 {
		t.Errorf("%v, %v", list, err)
	}
}
