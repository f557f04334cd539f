package web

import (
	"encoding/json"
	"net/url"
	"strings"
	"time"

	"virgo/cmd/virgo-endpoint/internal/watch"
	"virgo/schedule/shorttext"
)

func hostInfoView() view {
	return view{pattern: "GET /hosts/{id}/info/{type}", serve: func(s *Site, q *request) error {
		page, err := s.hostInfo(q)
		if err != nil {
			return err
		}
		return q.render("host_info", page.Row.Type+" of "+page.Name, page)
	}}
}

// An infosAnswer is what the API says of a host's information.
type infosAnswer struct {
	Period  *int64 `json:"period_ms"`
	Waiting []struct {
		Type, By string
		Asked    *int64 `json:"asked_ms"`
	}
	Answers []infoAnswer
}

type infoAnswer struct {
	Type, Outcome, Error string
	Answered             *int64 `json:"answered_ms"`
	Bytes                int
	Metrics              json.RawMessage
}

// A hostInfos is what the page says of a host's information.
type hostInfos struct {
	Rows []infoRow
	// Waiting are the types that it is asked next, Every about when that is; empty where it is not known.
	Waiting []string
	Every   string
	// API has them too.
	API string
	// Usual and Others are what can be asked; none for whoever may not.
	Usual, Others []infoChoice
}

// An infoRow is the last answer of one type.
type infoRow struct {
	Type, Summary string
	// Path is that of its page; empty if there is nothing to see. Ask is the route that asks again.
	Path, Ask string
	// Text are the host's words, or what is wrong with its answer. Kind is the outcome.
	Kind, Text string
	At         stamp
	Asked      bool // it waits
}

// Refused reports whether the host does not tell it.
func (r infoRow) Refused() bool { return r.Kind == string(watch.InfoRefused) }

// Silent reports whether the host did not answer.
func (r infoRow) Silent() bool { return r.Kind == string(watch.InfoSilent) }

// An infoChoice is a type that can be asked for.
type infoChoice struct{ Type, Summary, Ask string }

// hostInfos reads what a host was asked; nil without an API.
func (q *request) hostInfos(agentID string) (*hostInfos, error) {
	if q.site.API == nil {
		return nil, nil
	}
	api := "/v1/agents/" + url.PathEscape(agentID) + "/info"
	var list infosAnswer
	if err := q.read(api, &list); err != nil {
		return nil, err
	}
	out := &hostInfos{API: api}
	if list.Period != nil && *list.Period > 0 {
		out.Every = span(time.Duration(*list.Period) * time.Millisecond)
	}
	waiting := map[string]bool{}
	for _, w := range list.Waiting {
		waiting[w.Type] = true
		out.Waiting = append(out.Waiting, w.Type)
	}
	known := map[string]string{}
	may := q.may(watch.AgentsScope)
	for _, t := range infoTypes() {
		known[t.name] = t.summary
		if choice := (infoChoice{t.name, t.summary, "POST " + api + "/" + t.name}); !may || waiting[t.name] {
			continue
		} else if t.usual {
			out.Usual = append(out.Usual, choice)
		} else {
			out.Others = append(out.Others, choice)
		}
	}
	for i := range list.Answers {
		r := q.infoRow(agentID, &list.Answers[i])
		r.Summary, r.Asked = known[r.Type], waiting[r.Type]
		if may && !r.Asked {
			r.Ask = "POST " + api + "/" + url.PathEscape(r.Type)
		}
		out.Rows = append(out.Rows, r)
	}
	return out, nil
}

func (q *request) infoRow(agentID string, a *infoAnswer) infoRow {
	r := infoRow{Type: a.Type, Kind: a.Outcome, Text: strings.TrimSpace(shorttext.Sanitize(a.Error)), At: q.ms(a.Answered)}
	if a.Bytes > 0 {
		r.Path = hostPath(agentID) + "/info/" + url.PathEscape(a.Type)
	}
	return r
}

// A hostInfoPage is one answer of a host.
type hostInfoPage struct {
	hostHead
	Row   infoRow
	Table *infoTable
	// API has the whole answer.
	API string
}

func (s *Site) hostInfo(q *request) (*hostInfoPage, error) {
	head, agent, err := s.hostHead(q, q.PathValue("id"))
	if err != nil {
		return nil, err
	}
	p := &hostInfoPage{hostHead: *head}
	p.Tab = "info"
	p.API = "/v1/agents/" + url.PathEscape(agent.AgentID) + "/info/" + url.PathEscape(q.PathValue("type"))
	var answer infoAnswer
	if err := q.read(p.API, &answer); err != nil {
		return nil, err
	}
	p.Row = q.infoRow(agent.AgentID, &answer)
	for _, t := range infoTypes() {
		if t.name == p.Row.Type {
			p.Row.Summary = t.summary
		}
	}
	p.Table, err = newInfoTable(answer.Metrics)
	return p, err
}
