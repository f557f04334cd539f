package agent

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"virgo/collect"
	"virgo/schedule"
	"virgo/transport"
)

// What an endpoint may ask, as the owner of the host writes it.
const (
	AllowTest     = "check.test"
	AllowTargets  = "check.targets"
	AllowHostInfo = "host_info"
)

// Bounds of what one question of the endpoint's may take of a run.
const (
	askedTime    = 20 * time.Second
	askedReserve = 3 * time.Second // is left of the run's time for the rest of the session
)

// Remote is what an endpoint may ask during a session, and who answers.
type Remote struct {
	// Allow names what is answered: AllowTest, AllowTargets, AllowHostInfo.
	Allow []string
	// HostInfoDeny are types of host information that are not told all the same.
	HostInfoDeny []string
	// HostInfoTypes lists the types there are; HostInfo answers one with host_info.get's result.
	HostInfoTypes func() []string
	HostInfo      func(ctx context.Context, name string) (json.RawMessage, error)
}

// Asked counts what endpoints asked since the state began.
type Asked struct {
	Tests, Targets, HostInfos, Refused int64
}

// refused answers a question that the owner does not want answered. Of the errors that leave the session
// alone (PROTOCOL.md) there is only this code.
func refused(format string, args ...any) *transport.Error {
	return &transport.Error{Code: transport.CodeBadRequest, Message: fmt.Sprintf(format, args...)}
}

// answer is what the endpoint gets for the requests that it may make during a session.
func (l *link) answer(ctx context.Context, method string, params json.RawMessage) (any, *transport.Error) {
	a := l.agent
	started := a.Now()
	result, what, err := l.asked(ctx, method, params)
	outcome := "answered in " + a.Now().Sub(started).Round(time.Millisecond).String()
	if err != nil {
		outcome = "refused: " + err.Message
	}
	a.Verbose("session: the endpoint asks %s: %s", strings.TrimSpace(method+" "+what), outcome)
	return result, err
}

// asked also says what was asked for, as far as it could be read.
func (l *link) asked(ctx context.Context, method string, params json.RawMessage) (result any, what string, err *transport.Error) {
	n := &l.state.Link.Asked
	switch method {
	case transport.MethodScheduleChanged:
		l.changed = true
		return struct{}{}, "", nil
	case transport.MethodSystemInfo:
		info, err := systemInfo(ctx)
		if err != nil {
			return nil, "", refused("reading the system: %v", err)
		}
		return info, "", nil
	case transport.MethodCheckTest:
		return l.guarded(ctx, AllowTest, &n.Tests, params, l.testCheck)
	case transport.MethodCheckTargets:
		return l.guarded(ctx, AllowTargets, &n.Targets, params, l.targets)
	case transport.MethodHostInfoTypes:
		return l.guarded(ctx, AllowHostInfo, &n.HostInfos, params, l.hostInfoTypes)
	case transport.MethodHostInfo:
		return l.guarded(ctx, AllowHostInfo, &n.HostInfos, params, l.hostInfo)
	default:
		return nil, "", transport.NotFound(method)
	}
}

type answerer func(ctx context.Context, params json.RawMessage) (result any, what string, err *transport.Error)

// guarded answers where the owner allows it, in its part of the run's time, and counts it.
func (l *link) guarded(ctx context.Context, allow string, count *int64, params json.RawMessage, do answerer) (result any, what string, err *transport.Error) {
	a := l.agent
	defer func() {
		l.dirty = true
		if err != nil {
			count = &l.state.Link.Asked.Refused
		}
		*count++
	}()
	if !slices.Contains(a.Remote.Allow, allow) {
		return nil, "", refused("the owner of this host does not let an endpoint ask %s (allow_remote)", allow)
	}
	if a.Registry == nil {
		return nil, "", refused("this session answers no questions")
	}
	a.slow()
	limit := askedTime
	if deadline, ok := ctx.Deadline(); ok {
		limit = min(limit, time.Until(deadline)-askedReserve)
	}
	if limit <= 0 {
		return nil, "", refused("this run has no time left for it")
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	return do(ctx, params)
}

// named reads the one text that a question has.
func named(params json.RawMessage, key string) (string, *transport.Error) {
	var all map[string]json.RawMessage
	var text string
	if json.Unmarshal(params, &all) != nil || json.Unmarshal(all[key], &text) != nil || text == "" {
		return "", refused("params have no %q", key)
	}
	return text, nil
}

// targets answers check.targets. A type that looks at the whole host has none.
func (l *link) targets(ctx context.Context, params json.RawMessage) (any, string, *transport.Error) {
	name, wrong := named(params, "type")
	if wrong != nil {
		return nil, "", wrong
	}
	typ, ok := l.agent.Registry.Lookup(name)
	if !ok {
		return nil, clip(name, schedule.MaxIDBytes), refused("unknown check type %.64q", name)
	}
	answer := struct {
		Targets []string `json:"targets"`
	}{[]string{}}
	if lister, ok := typ.Checker.(collect.Targeter); ok {
		targets, err := lister.Targets(ctx)
		if err != nil {
			return nil, name, refused("listing the targets of %s: %v", name, err)
		}
		answer.Targets = append(answer.Targets, targets...)
	}
	return answer, name, nil
}

// testCheck answers check.test: the check runs once, out of the schedule, and leaves no sample.
func (l *link) testCheck(ctx context.Context, params json.RawMessage) (any, string, *transport.Error) {
	check, wrong := checkParams(params)
	if wrong != nil {
		return nil, "", wrong
	}
	if deadline, ok := ctx.Deadline(); ok {
		check.Timeout = min(check.Timeout, time.Until(deadline))
	}
	var outcome collect.Outcome
	runner := collect.Runner{Registry: l.agent.Registry, Concurrency: 1, Now: l.agent.Now}
	runner.Run(ctx, []collect.Job{{Check: check}}, func(_ int, o collect.Outcome) { outcome = o })
	what := fmt.Sprintf("%s (%s, %s)", check.Type, outcome.Result.State, outcome.Result.Status)
	return json.RawMessage(outcome.Result.AppendJSON(nil)), what, nil
}

// checkParams reads the check of check.test, which is JSON in a JSON string; an object is taken as well, and
// a check without an id, for it is in no schedule.
func checkParams(params json.RawMessage) (schedule.Check, *transport.Error) {
	const key = "checkParams"
	var all map[string]json.RawMessage
	if json.Unmarshal(params, &all) != nil || len(all[key]) == 0 {
		return schedule.Check{}, refused("params have no %q", key)
	}
	raw := []byte(all[key])
	var text string
	if json.Unmarshal(raw, &text) == nil {
		raw = []byte(text)
	}
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(raw, &fields); err != nil {
		return schedule.Check{}, refused("%s: no JSON object: %v", key, err)
	}
	if fields == nil { // null is no error to JSON
		return schedule.Check{}, refused("%s: no JSON object", key)
	}
	if id := bytes.TrimSpace(fields["id"]); len(id) == 0 || string(id) == "null" || string(id) == `""` {
		fields["id"] = json.RawMessage(`"` + transport.MethodCheckTest + `"`)
	}
	raw, err := json.Marshal(fields)
	if err != nil {
		return schedule.Check{}, refused("%s: %v", key, err)
	}
	check, err := schedule.ParseCheck(raw)
	if err != nil {
		return schedule.Check{}, refused("%s: %v", key, err)
	}
	return check, nil
}

func (l *link) hostInfoTypes(context.Context, json.RawMessage) (any, string, *transport.Error) {
	answer := struct {
		Types []string `json:"types"`
	}{[]string{}}
	for _, name := range l.agent.Remote.HostInfoTypes() {
		if !slices.Contains(l.agent.Remote.HostInfoDeny, name) {
			answer.Types = append(answer.Types, name)
		}
	}
	return answer, "", nil
}

func (l *link) hostInfo(ctx context.Context, params json.RawMessage) (any, string, *transport.Error) {
	name, wrong := named(params, "type")
	if wrong != nil {
		return nil, "", wrong
	}
	remote := l.agent.Remote
	switch {
	case !slices.Contains(remote.HostInfoTypes(), name):
		return nil, clip(name, schedule.MaxIDBytes), refused("unknown host information type %.64q", name)
	case slices.Contains(remote.HostInfoDeny, name):
		return nil, name, refused("the owner of this host does not tell host information %q (host_info_deny)", name)
	}
	answer, err := remote.HostInfo(ctx, name)
	if err != nil {
		return nil, name, refused("host information %q: %v", name, err)
	}
	return answer, name, nil
}
