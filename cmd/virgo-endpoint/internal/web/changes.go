package web

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"virgo/cmd/virgo-endpoint/internal/watch"
)

// changeViews are the pages of what can be changed. Each shows a list of the API, and forms that a script sends to it:
// the pages themselves change nothing.
func changeViews() []view {
	return []view{
		listView("silences", "Silences", watch.ReadScope, "/v1/silences?ended=true", showSilences),
		listView("schedules", "Schedules", watch.ReadScope, "/v1/schedules", showFiles),
		fileView("schedules", "schedule", watch.SchedulesScope),
		listView("rules", "Alarm rules", watch.ReadScope, "/v1/rules", showFiles),
		fileView("rules", "rule", watch.ReadScope),
		listView("tokens", "Tokens", watch.TokensScope, "/v1/tokens", showTokens),
		listView("people", "People", watch.PeopleScope, "/v1/people", showPeople),
		listView("notifiers", "Notifiers", watch.NotifiersScope, "/v1/notifiers", showNotifiers),
		listView("outputs", "Outputs", watch.ReadScope, "/v1/outputs", showOutputs),
		auditView(),
	}
}

// listView is a page of a list: its template has the name of its path. show makes what the template shows of what the API
// answers.
func listView[T any](name, title string, scope watch.Scope, path string, show func(*request, *T) any) view {
	return view{pattern: "GET /" + name, scope: scope, serve: func(s *Site, q *request) error {
		var list T
		if err := q.read(path, &list); err != nil {
			return err
		}
		return q.render(name, title, show(q, &list))
	}}
}

// mayAcknowledge reports whether the person may say to look after an alarm.
func (q *request) mayAcknowledge() bool {
	return q.site.API != nil && (q.may(watch.SilencesScope) || q.may(watch.AlarmsScope))
}

// IsAcked is for the template of both.
func (r alarmRow) IsAcked() bool  { return r.Acked != "" }
func (a hostAlarm) IsAcked() bool { return a.AckedBy != "" }

// A tagsForm changes a host's tags.
type tagsForm struct{ Path, ETag, Tags string }

// tagsForm is nil for whoever may not change tags.
func (q *request) tagsForm(agentID string, tags []string) (*tagsForm, error) {
	if q.site.API == nil || !q.may(watch.TagsScope) {
		return nil, nil
	}
	f := &tagsForm{Path: "/v1/agents/" + url.PathEscape(agentID) + "/tags", Tags: strings.Join(tags, " ")}
	b, _, err := q.ask(f.Path)
	if err != nil {
		return nil, err
	}
	f.ETag = strings.Trim(b.header.Get("ETag"), `"`)
	return f, nil
}

// ms is a time of the API, as templates show it.
func (q *request) ms(ms *int64) stamp {
	if ms == nil {
		return q.at(time.Time{})
	}
	return q.at(time.UnixMilli(*ms))
}

// A silenceAnswer is a silence of the API.
type silenceAnswer struct {
	ID                 int64
	ETag               string
	Kind               string
	Hosts, Tags, Rules []string
	From               *int64 `json:"from_ms"`
	Until              *int64 `json:"until_ms"`
	Days               uint8
	Start              int   `json:"start_minute"`
	Length             int64 `json:"length_ms"`
	Zone, Reason, By   string
	PassCritical       bool   `json:"pass_critical"`
	Ended              *int64 `json:"ended_ms"`
}

type silencesAnswer struct{ Silences []silenceAnswer }

// A silenceRow is a silence on the page.
type silenceRow struct {
	ID                   int64
	ETag, What, For, Why string
	By                   string
	From, Until          stamp
	// State is now, later, or over.
	State string
	Over  bool
}

type silenceList struct {
	Rows []silenceRow
	Past []silenceRow
	// Host, Tag and Rule fill the form.
	Host, Tag, Rule string
}

func showSilences(q *request, all *silencesAnswer) any {
	form := q.URL.Query()
	out := &silenceList{Host: form.Get("host"), Tag: form.Get("tag"), Rule: form.Get("rule")}
	for i := range all.Silences {
		s := &all.Silences[i]
		r := silenceRow{ID: s.ID, ETag: s.ETag, What: whatOf(s), For: selectionOf(s), Why: s.Reason, By: s.By, From: q.ms(s.From), Until: q.ms(s.Until)}
		switch {
		case s.Ended != nil:
			r.State, r.Over, r.Until = "ended", true, q.ms(s.Ended)
		case s.Until != nil && !time.UnixMilli(*s.Until).After(q.now):
			r.State, r.Over = "over", true
		case s.From != nil && time.UnixMilli(*s.From).After(q.now):
			r.State = "later"
		case s.Kind == string(watch.OneTime):
			r.State = "now"
		default:
			r.State = "recurring"
		}
		if r.Over {
			out.Past = append(out.Past, r)
			continue
		}
		out.Rows = append(out.Rows, r)
	}
	slices.Reverse(out.Rows)
	slices.Reverse(out.Past)
	return out
}

// whatOf says when a silence holds notifications back.
func whatOf(s *silenceAnswer) string {
	if s.Kind == string(watch.OneTime) {
		return "once"
	}
	var days []string
	for i, day := range []string{"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"} {
		if s.Days&(1<<i) != 0 {
			days = append(days, day)
		}
	}
	on := strings.Join(days, " ")
	if len(days) == 7 {
		on = "each day"
	}
	start := time.Date(2000, 1, 1, 0, s.Start, 0, 0, time.UTC)
	length := time.Duration(s.Length) * time.Millisecond
	kind := "quiet hours"
	if s.Kind == string(watch.Maintenance) {
		kind = "maintenance"
	}
	text := kind + ": " + on + " " + start.Format("15:04") + " – " + start.Add(length).Format("15:04") + " " + s.Zone
	if s.PassCritical {
		text += ", critical alarms pass"
	}
	return text
}

// selectionOf says whose notifications a silence holds back.
func selectionOf(s *silenceAnswer) string {
	var parts []string
	for _, one := range []struct {
		name string
		list []string
	}{{"", s.Hosts}, {"tagged ", s.Tags}} {
		if len(one.list) > 0 {
			parts = append(parts, one.name+strings.Join(one.list, ", "))
		}
	}
	text := strings.Join(parts, "; ")
	if text == "" {
		text = "all hosts"
	}
	if len(s.Rules) > 0 {
		text += ", only " + strings.Join(s.Rules, ", ")
	}
	return text
}

// A mistakeAnswer is a mistake of the API.
type mistakeAnswer struct {
	Line, Column int
	CheckID      string `json:"check_id"`
	Text, Hint   string
}

type filesAnswer struct {
	Files []struct {
		Name, ETag string
		Bytes      int
		Mistakes   []mistakeAnswer
	}
}

// showFiles shows files, and in the form for a sentence what the address says.
func showFiles(q *request, list *filesAnswer) any {
	form := q.URL.Query()
	return &struct {
		*filesAnswer
		Host, Check, Metric string
	}{list, form.Get("host"), form.Get("check"), form.Get("metric")}
}

// A fileText is a file on its page.
type fileText struct {
	Name, ETag, Text string
	// Path is that of the API, List the page of all.
	Path, List string
	// Fixed is true for one that cannot be deleted.
	Fixed bool
}

// fileView is the page of one file, whose template is called kind. One that does not exist is made there.
func fileView(list, kind string, scope watch.Scope) view {
	return view{pattern: "GET /" + list + "/{name}", scope: scope, serve: func(s *Site, q *request) error {
		name := q.PathValue("name")
		f := &fileText{Name: name, Path: "/v1/" + list + "/" + url.PathEscape(name), List: "/" + list, Fixed: name == "default"}
		b, data, err := q.ask(f.Path)
		switch {
		case err == nil:
			f.ETag, f.Text = strings.Trim(b.header.Get("ETag"), `"`), string(data)
		case !isNotFound(err):
			return err
		}
		return q.render(kind, name, f)
	}}
}

func isNotFound(err error) bool {
	var a *answer
	return errors.As(err, &a) && a.code == http.StatusNotFound
}

type tokensAnswer struct {
	Tokens []struct {
		ID, Label, State, Group string
		Kinds, Scopes           []string
		AgentIDs                []string `json:"agent_ids"`
		Expires                 *int64   `json:"expires_ms"`
		LastUsed                *int64   `json:"last_used_ms"`
	}
}

type tokenRow struct {
	ID, Label, Kind, What, State string
	Expires, Used                stamp
	Valid                        bool
}

func showTokens(q *request, list *tokensAnswer) any {
	out := struct {
		Rows   []tokenRow
		Scopes []string
	}{nil, nil}
	for _, scope := range q.actor.Scopes {
		out.Scopes = append(out.Scopes, string(scope))
	}
	for _, t := range list.Tokens {
		what := strings.Join(t.Scopes, " ")
		if len(t.AgentIDs) > 0 {
			what = "only " + strings.Join(t.AgentIDs[:min(3, len(t.AgentIDs))], ", ")
		}
		out.Rows = append(out.Rows, tokenRow{t.ID, t.Label, strings.Join(t.Kinds, " + "), what, t.State, q.ms(t.Expires), q.ms(t.LastUsed), t.State == "valid"})
	}
	slices.Reverse(out.Rows)
	slices.SortStableFunc(out.Rows, func(a, b tokenRow) int {
		switch {
		case a.Valid == b.Valid:
			return 0
		case a.Valid:
			return -1
		}
		return 1
	})
	return out
}

type peopleAnswer struct {
	People []personAnswer
}

type personAnswer struct {
	Name, ETag, Role string
	Password         bool   `json:"has_password"`
	Disabled         *int64 `json:"disabled_ms"`
	// Path is that of the API.
	Path string `json:"-"`
	Self bool   `json:"-"`
}

func showPeople(q *request, list *peopleAnswer) any {
	for i := range list.People {
		p := &list.People[i]
		p.Path, p.Self = "/v1/people/"+url.PathEscape(p.Name), p.Name == q.actor.Name
	}
	return list
}

type notifiersAnswer struct {
	Notifiers []struct {
		Name, Kind, Fault, Error string
		LastOK                   *int64 `json:"last_ok_ms"`
		Failing                  *int64 `json:"failing_since_ms"`
		Waiting                  int
	}
}

type notifierRow struct {
	Name, Kind, Fault, Error, Path string
	OK, Failing                    stamp
	Waiting                        int
}

func showNotifiers(q *request, list *notifiersAnswer) any {
	var rows []notifierRow
	for _, n := range list.Notifiers {
		rows = append(rows, notifierRow{n.Name, n.Kind, n.Fault, n.Error, "/v1/notifiers/" + url.PathEscape(n.Name) + "/test", q.ms(n.LastOK), q.ms(n.Failing), n.Waiting})
	}
	return struct{ Rows []notifierRow }{rows}
}

type auditAnswer struct {
	Entries []auditRow
}

type auditRow struct {
	At        int64  `json:"at_ms"`
	Kind      string `json:"actor_kind"`
	Actor     string
	Remote    string
	Action    string
	Object    string
	Before    string
	After     string
	Outcome   string
	When      stamp `json:"-"`
	Interrupt bool  `json:"-"`
}

func auditView() view {
	return view{pattern: "GET /audit", scope: watch.AuditScope, serve: func(s *Site, q *request) error {
		form, ask := q.URL.Query(), url.Values{"limit": {"300"}}
		for _, name := range []string{"actor", "object"} {
			if v := form.Get(name); v != "" {
				ask.Set(name, v)
			}
		}
		var list auditAnswer
		if err := q.read("/v1/audit?"+ask.Encode(), &list); err != nil {
			return err
		}
		for i := range list.Entries {
			e := &list.Entries[i]
			e.When, e.Interrupt = q.at(time.UnixMilli(e.At)), e.Outcome == "begun"
		}
		return q.render("audit", "Audit log", struct {
			auditAnswer
			Actor, Object string
		}{list, form.Get("actor"), form.Get("object")})
	}}
}
