package link

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
	"virgo/schedule/policy"
	"virgo/schedule/shorttext"
	"virgo/transport"
)

// Bounds of the time for one request of the endpoint.
const (
	questionTime    = 20 * time.Second
	questionReserve = 3 * time.Second // of the run's time, for the rest of the session
)

// Remote is the host information that the owner's policy may let an endpoint have.
type Remote struct {
	// HostInfoTypes returns all types of host information; HostInfo returns the result of
	// host_info.get for one of them.
	HostInfoTypes func() []string
	HostInfo      func(ctx context.Context, name string) (json.RawMessage, error)
}

// refuse returns the error for a request that is refused. It always has the same code, the only one
// that leaves the session open (PROTOCOL.md).
func refuse(format string, args ...any) *transport.Error {
	return &transport.Error{Code: transport.CodeBadRequest, Message: fmt.Sprintf(format, args...)}
}

// answer handles a request of the endpoint during a session.
func (s *Session) answer(ctx context.Context, method string, params json.RawMessage) (
	any, *transport.Error,
) {
	started := s.cfg.Now()
	result, subject, err := s.dispatch(ctx, method, params)
	outcome := "answered in " + s.cfg.Now().Sub(started).Round(time.Millisecond).String()
	if err != nil {
		outcome = "refused: " + err.Message
	}
	s.cfg.Verbose("session: the endpoint asks %s: %s", strings.TrimSpace(method+" "+subject), outcome)
	return result, err
}

// dispatch answers a request. subject is the object of the request, for the log, as far as it could
// be read.
func (s *Session) dispatch(ctx context.Context, method string, params json.RawMessage) (
	result any, subject string, err *transport.Error,
) {
	n := &s.state.Questions
	switch method {
	case transport.MethodScheduleChanged:
		s.changed = true
		return struct{}{}, "", nil
	case transport.MethodBundleAvailable:
		s.state.BundleToldMS, s.unsaved = s.cfg.Now().UnixMilli(), true
		return 0, "", nil
	case transport.MethodProgramAvailable, transport.MethodUpgrade:
		s.state.ProgramToldMS, s.unsaved = s.cfg.Now().UnixMilli(), true
		return 0, "", nil
	case transport.MethodSystemInfo:
		info, err := systemInfo(ctx)
		if err != nil {
			return nil, "", refuse("reading the system: %v", err)
		}
		return info, "", nil
	case transport.MethodCheckTest:
		return s.ifAllowed(ctx, policy.CheckTest, &n.Tests, params, s.cfg.testCheck)
	case transport.MethodCheckTargets:
		return s.ifAllowed(ctx, policy.CheckTargets, &n.Targets, params, s.cfg.listTargets)
	case transport.MethodHostInfoTypes:
		return s.ifAllowed(ctx, policy.HostInfo, &n.HostInfos, params, s.cfg.listHostInfoTypes)
	case transport.MethodHostInfo:
		return s.ifAllowed(ctx, policy.HostInfo, &n.HostInfos, params, s.cfg.readHostInfo)
	default:
		return nil, "", transport.NotFound(method)
	}
}

type answerFunc func(ctx context.Context, params json.RawMessage) (
	result any, subject string, err *transport.Error,
)

// ifAllowed answers a request if the owner allows it, within its part of the run's time, and counts
// it.
func (s *Session) ifAllowed(
	ctx context.Context, allow string, count *int64, params json.RawMessage, answer answerFunc,
) (result any, subject string, err *transport.Error) {
	cfg := s.cfg
	defer func() {
		s.unsaved = true
		if err != nil {
			count = &s.state.Questions.Refused
		}
		*count++
	}()
	if !cfg.policy().AllowsQuestion(allow) {
		return nil, "", refuse("the owner of this host does not let an endpoint ask %s (remote: questions)", allow)
	}
	if cfg.Registry == nil {
		return nil, "", refuse("this session answers no questions")
	}
	cfg.CallSlow()
	limit := questionTime
	if deadline, ok := ctx.Deadline(); ok {
		limit = min(limit, time.Until(deadline)-questionReserve)
	}
	if limit <= 0 {
		return nil, "", refuse("this run has no time left for it")
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	return answer(ctx, params)
}

// textParam returns a request's only parameter, a text that is not empty.
func textParam(params json.RawMessage, key string) (string, *transport.Error) {
	var all map[string]json.RawMessage
	var text string
	if json.Unmarshal(params, &all) != nil || json.Unmarshal(all[key], &text) != nil || text == "" {
		return "", refuse("params have no %q", key)
	}
	return text, nil
}

// The targets of processCheck are the names of the running processes. An endpoint gets them only if
// it may have the host information processInfo, which lists them too.
const (
	processCheck = "agent.process"
	processInfo  = "procs"
)

// listTargets answers check.targets. A type that checks the host as a whole has no targets.
func (c *Config) listTargets(ctx context.Context, params json.RawMessage) (
	any, string, *transport.Error,
) {
	name, wrong := textParam(params, "type")
	if wrong != nil {
		return nil, "", wrong
	}
	typ, ok := c.Registry.Lookup(name)
	if !ok {
		subject := shorttext.Truncate(name, schedule.MaxIDBytes)
		return nil, subject, refuse("unknown check type %.64q", name)
	}
	if name == processCheck && !c.policy().AllowsHostInfo(processInfo) {
		return nil, name, refuse("the owner of this host denies host information %q, so its processes are not listed", processInfo)
	}
	if !c.policy().AllowsType(name) {
		return nil, name, refuse("%s: %s", policy.Refused, name)
	}
	answer := struct {
		Targets []string `json:"targets"`
	}{[]string{}}
	if lister, ok := typ.Checker.(collect.Targeter); ok {
		targets, err := lister.Targets(ctx)
		if err != nil {
			return nil, name, refuse("listing the targets of %s: %v", name, err)
		}
		for _, target := range targets {
			if c.policy().AllowsTarget(typ.Definition(), target) {
				answer.Targets = append(answer.Targets, target)
			}
		}
	}
	return answer, name, nil
}

// testCheck answers check.test: the check runs once, outside the schedule, and its sample is not
// stored.
func (c *Config) testCheck(ctx context.Context, params json.RawMessage) (
	any, string, *transport.Error,
) {
	check, wrong := checkParams(params)
	if wrong != nil {
		return nil, "", wrong
	}
	if deadline, ok := ctx.Deadline(); ok {
		check.Timeout = min(check.Timeout, time.Until(deadline))
	}
	c.policy().Judge(&check, c.Definition)
	if _, known := c.Definition(check.Type); !known {
		c.Validate(&check) // says so
	}
	var outcome collect.Outcome
	runner := collect.Runner{Registry: c.Registry, Concurrency: 1, Now: c.Now}
	runner.Run(ctx, []collect.Job{c.Job(check, nil)}, func(_ int, o collect.Outcome) { outcome = o })
	subject := fmt.Sprintf("%s (%s, %s)", check.Type, outcome.Result.State, outcome.Result.Status)
	return json.RawMessage(outcome.Result.AppendJSON(nil)), subject, nil
}

// checkParams returns the check of check.test: JSON in a JSON string, or an object. It needs no id,
// because it is in no schedule.
func checkParams(params json.RawMessage) (schedule.Check, *transport.Error) {
	const key = "checkParams"
	var all map[string]json.RawMessage
	if json.Unmarshal(params, &all) != nil || len(all[key]) == 0 {
		return schedule.Check{}, refuse("params have no %q", key)
	}
	raw := []byte(all[key])
	var text string
	if json.Unmarshal(raw, &text) == nil {
		raw = []byte(text)
	}
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(raw, &fields); err != nil {
		return schedule.Check{}, refuse("%s: no JSON object: %v", key, err)
	}
	if fields == nil { // null is no error to encoding/json
		return schedule.Check{}, refuse("%s: no JSON object", key)
	}
	if id := bytes.TrimSpace(fields["id"]); len(id) == 0 || string(id) == "null" || string(id) == `""` {
		fields["id"] = json.RawMessage(`"` + transport.MethodCheckTest + `"`)
	}
	raw, err := json.Marshal(fields)
	if err != nil {
		return schedule.Check{}, refuse("%s: %v", key, err)
	}
	check, err := schedule.ParseCheck(raw)
	if err != nil {
		return schedule.Check{}, refuse("%s: %v", key, err)
	}
	return check, nil
}

func (c *Config) listHostInfoTypes(context.Context, json.RawMessage) (
	any, string, *transport.Error,
) {
	answer := struct {
		Types []string `json:"types"`
	}{[]string{}}
	for _, name := range c.Remote.HostInfoTypes() {
		if c.policy().AllowsHostInfo(name) {
			answer.Types = append(answer.Types, name)
		}
	}
	return answer, "", nil
}

func (c *Config) readHostInfo(ctx context.Context, params json.RawMessage) (
	any, string, *transport.Error,
) {
	name, wrong := textParam(params, "type")
	if wrong != nil {
		return nil, "", wrong
	}
	switch {
	case !slices.Contains(c.Remote.HostInfoTypes(), name):
		subject := shorttext.Truncate(name, schedule.MaxIDBytes)
		return nil, subject, refuse("unknown host information type %.64q", name)
	case !c.policy().AllowsHostInfo(name):
		return nil, name, refuse("the owner of this host denies host information %q (remote: host_info)", name)
	}
	answer, err := c.Remote.HostInfo(ctx, name)
	if err != nil {
		return nil, name, refuse("host information %q: %v", name, err)
	}
	return answer, name, nil
}
