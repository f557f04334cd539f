package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"virgo/cmd/virgo-endpoint/internal/intake"
	"virgo/cmd/virgo-endpoint/internal/watch"
	"virgo/schedule"
	"virgo/schedule/alarm"
)

// rulesOfTests are the mistakes in rules, as far as these tests go.
func rulesOfTests(data []byte) []schedule.Problem {
	if strings.Contains(string(data), "mistake") {
		return []schedule.Problem{{Err: errors.New("a mistake")}}
	}
	return nil
}

// admin makes a token of kind admin, and returns it as a header's value.
func (s *served) admin(scopes ...watch.Scope) (authorization, id string) {
	s.t.Helper()
	secret, t, err := s.store.AddToken(s.t.Context(), intake.TokenSpec{Kinds: intake.Admin, Scopes: watch.ScopeNames(scopes), Expires: s.clock().Add(24 * time.Hour)}, s.clock())
	if err != nil {
		s.t.Fatal(err)
	}
	return "Bearer " + secret, t.ID
}

// records returns the audit log, oldest first.
func (s *served) records() []watch.Entry {
	s.t.Helper()
	var list []watch.Entry
	err := s.control.Audit().Entries(s.t.Context(), watch.EntryFilter{}, func(e watch.Entry) error {
		list = append(list, e)
		return nil
	})
	if err != nil {
		s.t.Fatal(err)
	}
	slices.Reverse(list)
	return list
}

// etag asks for the ETag of a path.
func (s *served) etag(path string) string {
	s.t.Helper()
	all, _ := s.admin(watch.AllScopes()...)
	return s.ask(http.MethodGet, path, all).header.Get("ETag")
}

// A routeCase is a request of something that can be changed, in an order in which all succeed.
type routeCase struct {
	method, path, body string
	scopes             []watch.Scope
	code               int
	// condition is a header and its value; a value that begins with / is the path whose ETag it is.
	condition [2]string
	// action is that of the record; empty for what changes nothing.
	action string
}

func routeCases() []routeCase {
	s := func(list ...watch.Scope) []watch.Scope { return list }
	fresh := [2]string{"If-None-Match", "*"}
	match := func(path string) [2]string { return [2]string{"If-Match", path} }
	anything := match("*")
	day := epoch.Add(24 * time.Hour).UnixMilli()
	return []routeCase{
		{"PUT", "/v1/schedules/default", "- {id: cpu, type: agent.cpu}\n", s(watch.SchedulesScope), 200, fresh, "put schedule"},
		{"GET", "/v1/schedules", "", s(watch.SchedulesScope, watch.ReadScope), 200, [2]string{}, ""},
		{"GET", "/v1/schedules/default", "", s(watch.SchedulesScope), 200, [2]string{}, ""},
		{"PUT", "/v1/schedules/web1", "[]", s(watch.SchedulesScope), 200, fresh, "put schedule"},
		{"PUT", "/v1/schedules/web1", "- {id: m, type: agent.memory}\n", s(watch.SchedulesScope), 200, match("/v1/schedules/web1"), "put schedule"},
		{"POST", "/v1/schedules/web1/check", "- {id: m, typ: agent.memory}\n", s(watch.SchedulesScope), 200, [2]string{}, ""},
		{"DELETE", "/v1/schedules/web1", "", s(watch.SchedulesScope), 204, match("/v1/schedules/web1"), "delete schedule"},
		{"PUT", "/v1/rules/web", "[]", s(watch.AlarmsScope), 200, fresh, "put rules"},
		{"GET", "/v1/rules", "", s(watch.AlarmsScope, watch.ReadScope), 200, [2]string{}, ""},
		{"GET", "/v1/rules/web", "", s(watch.AlarmsScope, watch.ReadScope), 200, [2]string{}, ""},
		{"DELETE", "/v1/rules/web", "", s(watch.AlarmsScope), 204, match("/v1/rules/web"), "delete rules"},
		{"POST", "/v1/silences", fmt.Sprintf(`{"kind":"silence","hosts":["web*"],"until_ms":%d}`, day), s(watch.SilencesScope), 201, [2]string{}, "add silence"},
		{"GET", "/v1/silences", "", s(watch.SilencesScope, watch.ReadScope), 200, [2]string{}, ""},
		{"GET", "/v1/silences/1", "", s(watch.SilencesScope, watch.ReadScope), 200, [2]string{}, ""},
		{"PUT", "/v1/silences/1", `{"kind":"quiet","days":127,"start_minute":1320,"length_ms":28800000,"zone":"Europe/Berlin"}`, s(watch.SilencesScope), 200, match("/v1/silences/1"), "change silence"},
		{"DELETE", "/v1/silences/1", "", s(watch.SilencesScope), 200, match("/v1/silences/1"), "end silence"},
		{"POST", "/v1/alarms/" + keyOfTests().Text() + "/acknowledge", "", s(watch.AlarmsScope, watch.SilencesScope), 204, [2]string{}, "acknowledge alarm"},
		{"DELETE", "/v1/alarms/" + keyOfTests().Text() + "/acknowledge", "", s(watch.AlarmsScope, watch.SilencesScope), 204, [2]string{}, "take back acknowledgement"},
		{"GET", "/v1/agents/web1/tags", "", s(watch.TagsScope, watch.ReadScope), 200, [2]string{}, ""},
		{"PUT", "/v1/agents/web1/tags", `{"tags":["b","a"]}`, s(watch.TagsScope), 200, match("/v1/agents/web1/tags"), "tag agent"},
		{"POST", "/v1/agents/web1/info/cpu", "", s(watch.AgentsScope), 202, [2]string{}, "ask host"},
		{"PATCH", "/v1/agents/web1", `{"agent_id":"web9"}`, s(watch.AgentsScope), 200, match("/v1/agents/web1"), "rename agent"},
		{"POST", "/v1/agents/web9/revoke", "", s(watch.AgentsScope), 200, [2]string{}, "revoke agent"},
		{"POST", "/v1/agents/web9/reset", "", s(watch.AgentsScope), 200, match("/v1/agents/web9"), "reset agent"},
		{"DELETE", "/v1/agents/web9", "", s(watch.AgentsScope), 200, match("/v1/agents/web9"), "remove agent"},
		{"POST", "/v1/tokens", fmt.Sprintf(`{"kinds":["enrol"],"uses":1,"expires_ms":%d}`, day), s(watch.TokensScope), 201, [2]string{}, "add token"},
		{"GET", "/v1/tokens", "", s(watch.TokensScope), 200, [2]string{}, ""},
		{"DELETE", "/v1/tokens/00000001", "", s(watch.TokensScope), 200, [2]string{}, "revoke token"},
		{"POST", "/v1/people", `{"name":"bob","role":"view","password":"correct horse battery"}`, s(watch.PeopleScope), 201, [2]string{}, "add person"},
		{"GET", "/v1/people", "", s(watch.PeopleScope), 200, [2]string{}, ""},
		{"PUT", "/v1/people/bob", `{"role":"view","disabled":true}`, s(watch.PeopleScope), 200, anything, "change person"},
		{"PUT", "/v1/people/bob/password", `{"password":"correct horse staple"}`, s(watch.PeopleScope), 200, anything, "set password"},
		{"DELETE", "/v1/people/bob", "", s(watch.PeopleScope), 204, anything, "remove person"},
		{"GET", "/v1/page", "", s(watch.PeopleScope), 200, [2]string{}, ""},
		{"PUT", "/v1/page", `{"public_tags":["web"]}`, s(watch.PeopleScope), 200, match("/v1/page"), "change page"},
		{"GET", "/v1/alarms?tag=web&state=WARNING", "", s(watch.ReadScope, watch.AlarmsScope), 200, [2]string{}, ""},
		{"GET", "/v1/alarms/history?agent=web2", "", s(watch.ReadScope, watch.AlarmsScope), 200, [2]string{}, ""},
		{"POST", "/v1/rules/try", "[]", s(watch.AlarmsScope), 200, [2]string{}, ""},
		{"GET", "/v1/notifiers", "", s(watch.NotifiersScope), 200, [2]string{}, ""},
		{"POST", "/v1/notifiers/ops/test", "", s(watch.NotifiersScope), 200, [2]string{}, "test notifier"},
		{"GET", "/v1/outputs", "", s(watch.OutputsScope, watch.ReadScope), 200, [2]string{}, ""},
		{"GET", "/v1/audit", "", s(watch.AuditScope), 200, [2]string{}, ""},
	}
}

// standingOfTests has one alarm.
type standingOfTests struct{ watch.Alarms }

func (standingOfTests) Standing() []watch.Standing {
	return []watch.Standing{{Key: keyOfTests(), AgentID: "web1", Tags: []string{"web"}, State: alarm.Warning, Since: epoch, Text: "disk of / 93 %"}}
}

func trialOfTests(_ context.Context, rules []byte, _, until time.Time, fn func(watch.Firing) error) ([]schedule.Problem, error) {
	if problems := rulesOfTests(rules); problems != nil {
		return problems, nil
	}
	return nil, fn(watch.Firing{Key: keyOfTests(), AgentID: "web1", From: until.Add(-time.Hour), State: alarm.Critical})
}

func outputsOfTests(context.Context) ([]Output, error) {
	return []Output{{Cursor: watch.Cursor{Name: "prom", Seq: 7, Sent: 5, Refused: 1, Lost: 1, Err: "refused"}, Kind: "remote_write", Behind: 2}, {Cursor: watch.Cursor{Name: "old", Seq: -1}}}, nil
}

func notifiersOfTests(context.Context) ([]Receiver, error) {
	return []Receiver{{NotifierState: watch.NotifierState{Name: "ops"}, Kind: "mail"}, {NotifierState: watch.NotifierState{Name: "down"}, Kind: "webhook"}}, nil
}

func notifierOfTests(name string) error {
	if name == "down" {
		return errors.New("nobody answers")
	}
	return nil
}

func keyOfTests() watch.Key {
	return watch.Key{Rule: "disk-full", Agent: 1, CheckID: "root", Dimension: "/ä"}
}

// media is the type of a route's body.
func (c *routeCase) media() string {
	switch {
	case c.body == "":
		return ""
	case strings.Contains(c.path, "/schedules/") || strings.Contains(c.path, "/rules"):
		return yamlType
	}
	return "application/json"
}

// Every route needs its scope, answers as the document says, and each change leaves one record with who and from where.
func TestRoutes(t *testing.T) {
	s := serveWith(t, cookieLogin{"ann": watch.Admin})
	s.fill()
	_, err := s.control.Alarms().Save(t.Context(), watch.AlarmsStep{States: []watch.Saved{{Standing: watch.Standing{Key: keyOfTests(),
		AgentID: "web1", State: alarm.Warning, Since: epoch}, Machine: []byte("m")}}})
	if err != nil {
		t.Fatal(err)
	}
	tested := map[string]bool{}
	for _, c := range routeCases() {
		s.pass(time.Minute)
		if all, err := s.control.Silences().All(t.Context(), true); err == nil && len(all) > 0 {
			c.path = strings.Replace(c.path, "/silences/1", fmt.Sprint("/silences/", all[0].ID), 1)
			c.condition[1] = strings.Replace(c.condition[1], "/silences/1", fmt.Sprint("/silences/", all[0].ID), 1)
		}
		name := c.method + " " + c.path
		tested[c.method+" "+s.operation(c.method, c.path)] = true
		var others []watch.Scope
		for _, scope := range watch.AllScopes() {
			if !slices.Contains(c.scopes, scope) {
				others = append(others, scope)
			}
		}
		var header, value string
		if c.condition[0] != "" {
			header, value = c.condition[0], c.condition[1]
			if strings.HasPrefix(value, "/") {
				if value = s.etag(value); value == "" {
					t.Fatalf("%s: no ETag", name)
				}
			}
		}
		before := len(s.records())
		lacking, _ := s.admin(others...)
		for who, authorization := range map[string]string{"nobody": "", "all other scopes": lacking, "a token that reads": "Bearer " + s.token} {
			want := http.StatusForbidden
			switch {
			case authorization == "":
				want = http.StatusUnauthorized
			case who == "a token that reads" && slices.Contains(c.scopes, watch.ReadScope):
				continue
			}
			a := s.send(c.method, c.path, c.body, "Authorization", authorization, "Content-Type", c.media(), header, value)
			if s.valid(c.method, c.path, a); a.code != want || want == http.StatusForbidden && !strings.Contains(string(a.body), string(c.scopes[0])) {
				t.Errorf("%s with %s: %d %s", name, who, a.code, a.body)
			}
		}
		may, id := s.admin(c.scopes[0], watch.ReadScope)
		if strings.HasPrefix(c.path, "/v1/people") && c.method != "GET" {
			may, id = s.admin(watch.PeopleScope, watch.ReadScope)
		}
		kind, remote, asks := "token", "127.0.0.1", []string{"Authorization", may}
		if c.action == "add person" || c.action == "set password" {
			a := s.send(c.method, c.path, c.body, "Authorization", may, "Content-Type", c.media(), header, value)
			if s.valid(c.method, c.path, a); a.code != http.StatusForbidden || !strings.Contains(string(a.body), "a token ends") {
				t.Errorf("%s with a token: %d %s", name, a.code, a.body)
			}
			kind, id, remote, asks = "person", "ann", "192.0.2.9", []string{"Cookie", "virgo=ann", "Sec-Fetch-Site", "same-origin"}
		}
		if header != "" {
			a := s.send(c.method, c.path, c.body, append(asks, "Content-Type", c.media())...)
			if s.valid(c.method, c.path, a); a.code != http.StatusPreconditionRequired {
				t.Errorf("%s without a condition: %d %s", name, a.code, a.body)
			}
			a = s.send(c.method, c.path, c.body, append(asks, "Content-Type", c.media(), "If-Match", `"other"`)...)
			if s.valid(c.method, c.path, a); a.code != http.StatusPreconditionFailed && a.code != http.StatusNotFound {
				t.Errorf("%s with another ETag: %d %s", name, a.code, a.body)
			}
		}
		if n := len(s.records()); n != before {
			t.Errorf("%s: what was refused is recorded", name)
		}
		a := s.send(c.method, c.path, c.body, append(asks, "Content-Type", c.media(), header, value)...)
		if s.valid(c.method, c.path, a); a.code != c.code {
			t.Fatalf("%s: %d %s", name, a.code, a.body)
		}
		list := s.records()[before:]
		if c.action == "" {
			if len(list) > 0 {
				t.Errorf("%s changes nothing, and is recorded: %+v", name, list)
			}
			continue
		}
		if len(list) != 1 || list[0].Action != c.action || list[0].ActorKind != kind || list[0].Actor != id || list[0].Remote != remote || list[0].Outcome != "done" {
			t.Errorf("%s: %+v", name, list)
		}
	}
	for _, route := range s.changing() {
		if !tested[route] {
			t.Errorf("no test of %s", route)
		}
	}
}

// changing are the routes of the document with a scope of their own.
func (s *served) changing() []string {
	s.t.Helper()
	var list []string
	for path, methods := range s.paths {
		for method, op := range methods {
			if strings.Contains(op.Description, "Scope:") {
				list = append(list, strings.ToUpper(method)+" "+path)
			}
		}
	}
	slices.Sort(list)
	return list
}

// What is not valid is refused with its line, and changes nothing.
func TestInvalidChanges(t *testing.T) {
	s := serve(t)
	s.fill()
	all, _ := s.admin(watch.AllScopes()...)
	for _, c := range []struct {
		method, path, body string
		code               int
		says               string
	}{
		{"PUT", "/v1/schedules/web1", "- {id: a, type: agent.cpu}\n- {id: b, typ: agent.cpu}\n", 422, `"line":2,`},
		{"PUT", "/v1/schedules/web1", "- {id: a, type: agent.nothing}\n", 422, `"check_id":"a"`},
		{"PUT", "/v1/schedules/web1", "", 400, ""},
		{"PUT", "/v1/schedules/web1", "{{{", 422, `"line":1`},
		{"PUT", "/v1/schedules/..%2fx", "[]", 422, "no file can have this name"},
		{"PUT", "/v1/schedules/web1", strings.Repeat("#", maxBody+1), 413, ""},
		{"PUT", "/v1/rules/a", "mistake", 422, `"text":"a mistake"`},
		{"POST", "/v1/silences", `{"kind":"silence"}`, 422, "needs an end"},
		{"POST", "/v1/silences", `{"kind":"silence","untill_ms":1}`, 422, "untill_ms"},
		{"POST", "/v1/silences", `{`, 400, ""},
		{"PUT", "/v1/agents/web1/tags", `{"tags":["a b"]}`, 422, "not a tag"},
		{"PUT", "/v1/agents/nobody/tags", `{"tags":[]}`, 404, ""},
		{"PATCH", "/v1/agents/web1", `{"agent_id":"web2"}`, 409, ""},
		{"DELETE", "/v1/tokens/nothing", "", 404, ""},
		{"POST", "/v1/tokens", `{"kinds":["admin"],"scopes":["tags"]}`, 422, "has to end"},
		{"POST", "/v1/tokens", `{"kinds":["root"]}`, 422, ""},
		{"POST", "/v1/people", `{"name":"bob","role":"view","password":"short"}`, 422, "characters"},
		{"POST", "/v1/people", `{"name":"a/b","role":"view"}`, 422, "a name has"},
		{"PUT", "/v1/people/nobody", `{"role":"view"}`, 404, ""},
		{"DELETE", "/v1/silences/7", "", 404, ""},
		{"POST", "/v1/alarms/nokey/acknowledge", "", 404, ""},
		{"POST", "/v1/rules/try", "mistake", 422, `"text":"a mistake"`},
		{"POST", "/v1/rules/try?since=2020-01-01T00:00:00Z", "[]", 422, "31 days"},
		{"POST", "/v1/notifiers/nobody/test", "", 404, ""},
		{"GET", "/v1/alarms/history?agent=nobody", "", 200, "[]"},
		{"POST", "/v1/alarms/" + keyOfTests().Text() + "/acknowledge", "", 404, ""},
	} {
		s.pass(time.Minute)
		condition := "If-Match"
		if c.method == "PUT" && strings.Contains(c.path, "/schedules/") || strings.Contains(c.path, "/rules/") {
			condition = "If-None-Match"
		}
		one := routeCase{path: c.path, body: c.body}
		a := s.send(c.method, c.path, c.body, "Authorization", all, "Content-Type", one.media(), condition, "*")
		if s.valid(c.method, c.path, a); a.code != c.code || !strings.Contains(string(a.body), c.says) {
			t.Errorf("%s %s %.40q: %d %s", c.method, c.path, c.body, a.code, a.body)
		}
	}
	if list := s.records(); len(list) > 0 {
		t.Errorf("recorded: %+v", list)
	}
	if entries, err := os.ReadDir(s.dir.SchedulesDir()); err == nil && len(entries) > 0 {
		t.Errorf("written: %v", entries)
	}
}

// Of two writers who saw the same, the second is told, with the present ETag.
func TestTwoWriters(t *testing.T) {
	s := serve(t)
	by, _ := s.admin(watch.SchedulesScope)
	put := func(body, header, value string) answer {
		t.Helper()
		return s.send("PUT", "/v1/schedules/default", body, "Authorization", by, "Content-Type", yamlType, header, value)
	}
	if none := put("[]", "If-Match", "*"); none.code != http.StatusPreconditionFailed {
		t.Errorf("any, where there is none: %d", none.code)
	}
	first := put("[]", "If-None-Match", "*")
	seen := first.header.Get("ETag")
	second := put("- {id: a, type: agent.cpu}", "If-Match", seen)
	third := put("- {id: b, type: agent.cpu}", "If-Match", seen)
	if first.code != 200 || second.code != 200 || third.code != http.StatusPreconditionFailed || third.header.Get("ETag") != second.header.Get("ETag") {
		t.Errorf("%d, %d, %d %v", first.code, second.code, third.code, third.header)
	}
	if again := put("[]", "If-None-Match", "*"); again.code != http.StatusPreconditionFailed {
		t.Errorf("what exists, as new: %d", again.code)
	}
	if n := len(s.records()); n != 2 {
		t.Errorf("%d records", n)
	}
}

// A token of kind admin makes none that may do more, or lasts longer.
func TestTokenMakesNoWiderOnes(t *testing.T) {
	s := serve(t)
	by, _ := s.admin(watch.TokensScope, watch.TagsScope)
	make := func(body string, args ...any) answer {
		s.pass(time.Minute)
		return s.send("POST", "/v1/tokens", fmt.Sprintf(body, args...), "Authorization", by, "Content-Type", "application/json")
	}
	soon, late := s.clock().Add(time.Hour).UnixMilli(), s.clock().Add(48*time.Hour).UnixMilli()
	for code, list := range map[int][]answer{
		201: {make(`{"kinds":["admin"],"scopes":["tags"],"expires_ms":%d}`, soon)},
		403: {make(`{"kinds":["admin"],"scopes":["agents"],"expires_ms":%d}`, soon), make(`{"kinds":["admin"],"scopes":["tags"],"expires_ms":%d}`, late),
			make(`{"kinds":["read"],"expires_ms":%d}`, soon), make(`{"kinds":["enrol"],"uses":1}`)},
	} {
		for _, a := range list {
			if s.valid("POST", "/v1/tokens", a); a.code != code {
				t.Errorf("%d, want %d: %s", a.code, code, a.body)
			}
		}
	}
}

// Many firings are cut, and the answer says so; a notifier that fails is no failure of the request.
func TestTrialsAndTestsEnd(t *testing.T) {
	s := serve(t)
	s.fill()
	by, _ := s.admin(watch.AlarmsScope, watch.NotifiersScope)
	s.api.Trial = func(_ context.Context, _ []byte, _, until time.Time, fn func(watch.Firing) error) ([]schedule.Problem, error) {
		for range maxFirings + 1 {
			if err := fn(watch.Firing{Key: keyOfTests(), From: until}); err != nil {
				return nil, fmt.Errorf("replaying: %w", err)
			}
		}
		return nil, nil
	}
	a := s.send("POST", "/v1/rules/try", "[]", "Authorization", by, "Content-Type", yamlType)
	s.valid("POST", "/v1/rules/try", a)
	if doc := a.json(t); a.code != 200 || doc["complete"] != false || len(doc["firings"].([]any)) != maxFirings {
		t.Errorf("%d %.200s", a.code, a.body)
	}
	a = s.send("POST", "/v1/notifiers/down/test", "", "Authorization", by)
	s.valid("POST", "/v1/notifiers/down/test", a)
	if doc := a.json(t); a.code != 200 || doc["sent"] != false || doc["error"] != "nobody answers" {
		t.Errorf("%d %s", a.code, a.body)
	}
	if list := s.records(); len(list) != 1 || list[0].Outcome != "failed: nobody answers" {
		t.Errorf("%+v", list)
	}
}

// Too many changes are refused, with when to come again.
func TestManyChanges(t *testing.T) {
	s := serve(t)
	s.fill()
	by, _ := s.admin(watch.TagsScope)
	for range 50 {
		a := s.send("PUT", "/v1/agents/web1/tags", `{"tags":["x"]}`, "Authorization", by, "Content-Type", "application/json", "If-Match", "*")
		if a.code == 200 {
			continue
		}
		if s.valid("PUT", "/v1/agents/web1/tags", a); a.code != http.StatusTooManyRequests || a.header.Get("Retry-After") == "" {
			t.Errorf("%d %v", a.code, a.header)
		}
		return
	}
	t.Error("no limit")
}
