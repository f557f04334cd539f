package policy

import (
	"errors"
	"net/url"
	"strings"
	"sync"

	"virgo/schedule"
	"virgo/schedule/capability"
)

// A ScriptCheck is a check in Lua that is about to run.
type ScriptCheck struct {
	// Definition has the type and its details, as the script declares them.
	Definition schedule.Definition
	// Needs are what the script declares, with details as ${name}.
	Needs capability.Set
	// Details are those of the check; defaults are added from Definition.
	Details schedule.Details
	// Own means that the script lies in the owner's folder: it may have what it declares.
	Own bool
	// Deny are files and folders that no script may use: the agent's state, settings and secrets.
	Deny []string
	// Endpoint is the guard of an endpoint's check; nil: the check is the owner's own, or may do
	// everything.
	Endpoint *Guard
}

// A ScriptGuard decides on each use of the world outside by a check in Lua: the script must
// declare it, the owner must grant it and not deny it, and where a detail of an endpoint's check
// chose it, the rule that allowed the check must allow what was chosen. Errors are
// *[UndeclaredError], *[RefusedError], and those of the file system. It is safe for concurrent
// use. The zero value allows nothing.
type ScriptGuard struct {
	script   string
	own      bool
	grants   Grants
	declared []declaredPattern
	endpoint *Guard
	never    *neverOpened

	mu sync.Mutex
	// approved are paths that File returned, for Opened.
	approved map[string]bool
	// followed are patterns and where the links in them lead.
	followed map[string]string
}

// Guard returns the guard of a check that is about to run. Error: *[RefusedError] if the script
// declares what no grant can cover, or if a detail of an endpoint's check has a value that its rule
// does not allow, once it is known what the detail is.
func (g Grants) Guard(c ScriptCheck) (*ScriptGuard, error) {
	s, err := g.guard(c)
	if err != nil || c.Own {
		return s, err
	}
	needs := make(capability.Set)
	for _, d := range s.declared {
		needs[d.kind] = append(needs[d.kind], d.pattern.text)
	}
	if missing := g.Missing(s.script, needs); len(missing) > 0 {
		n := missing[0]
		why := ""
		if g.denies(s.script, n.Kind, func(p Pattern) bool { return deniesPattern(p, n) }) {
			why = deniedText
		}
		return nil, refuseScript(s.script, n, why)
	}
	return s, nil
}

// guard is Guard without the early refusal.
func (g Grants) guard(c ScriptCheck) (*ScriptGuard, error) {
	s := &ScriptGuard{
		script: c.Definition.Type, own: c.Own, grants: g, endpoint: c.Endpoint.as(c.Definition),
		never: &neverOpened{named: c.Deny}, approved: make(map[string]bool), followed: make(map[string]string),
	}
	if err := s.judgeDetails(c); err != nil {
		return nil, err
	}
	s.declared = expandNeeds(c)
	return s, nil
}

// deniedText ends the refusal of what a grant denies.
const deniedText = "which a grant denies"

// judgeDetails decides once more on the details that the endpoint set. Whoever judged the check may
// not have known what they are, because only the script process reads the owner's own scripts.
func (g *ScriptGuard) judgeDetails(c ScriptCheck) error {
	if g.endpoint == nil {
		return nil
	}
	for _, d := range c.Definition.Details {
		if g.endpoint.given(d.Name) && choosesDestination(d.Role) {
			if err := g.endpoint.chosen(d.Name, d.Role, textOf(c.Details, d)); err != nil {
				return err
			}
		}
	}
	return nil
}

// choosesDestination reports whether a detail of the role decides what is opened, run or connected to.
func choosesDestination(r schedule.Role) bool {
	switch r {
	case schedule.Free, schedule.Match, schedule.Other, schedule.Switch, schedule.Regexp,
		schedule.Headers, schedule.Secret:
		return false
	}
	return true
}

// decide decides on one use.
func (g *ScriptGuard) decide(u *scriptUse) error {
	var fitting []*declaredPattern
	for i := range g.declared {
		if d := &g.declared[i]; d.kind == u.kind && u.matches(d.pattern) {
			fitting = append(fitting, d)
		}
	}
	if len(fitting) == 0 {
		return &UndeclaredError{g.script, u.need()}
	}
	if err := g.decideGranted(u); err != nil {
		return err
	}
	var err error
	for _, d := range fitting {
		if err = d.allowedBy(g.endpoint, u); err == nil {
			return nil
		}
	}
	return err
}

// decideGranted decides whether the owner lets the script have what it declares.
func (g *ScriptGuard) decideGranted(u *scriptUse) error {
	if g.grants.denies(g.script, u.kind, u.denied) {
		return refuseScript(g.script, u.need(), deniedText)
	}
	if !g.own && !g.grants.grants(g.script, u.kind, u.matches) {
		return refuseScript(g.script, u.need(), "")
	}
	return nil
}

// Program decides on a program that is about to run, by its name or as "sudo NAME".
func (g *ScriptGuard) Program(name string) error {
	u := &scriptUse{kind: capability.Programs, text: name}
	bare, _ := strings.CutPrefix(name, "sudo ")
	unsafe := func(r rune) bool { return r <= ' ' || r == '/' || r == '\\' || r == ':' || r == 0x7f }
	if bare == "" || bare[0] == '-' || strings.ContainsFunc(bare, unsafe) {
		return refuseScript(g.script, u.need(), "which is no name of a program")
	}
	return g.decide(u)
}

// Figures decides on figures of this host, by the type of check that reads them. [OnlyFigures]
// decides on the details.
func (g *ScriptGuard) Figures(checkType string) error {
	u := &scriptUse{kind: capability.Figures, text: checkType}
	if _, ok := figureDetails(checkType); !ok {
		return refuseScript(g.script, u.need(), "which are no figures of the kernel")
	}
	return g.decide(u)
}

// OnlyFigures returns an error unless a check does nothing but read figures of this host: a script
// must not have by other checks what it could not have by itself. Error: *[RefusedError].
func OnlyFigures(c *schedule.Check, d schedule.Definition) error {
	p := Policy{Checks: []Rule{{Keyword: Figures}}}
	if v := p.Decide(NewEffective(c, d)); !v.Allowed {
		return v.Refusal
	}
	return nil
}

// Name decides on a name that is about to be looked up in DNS.
func (g *ScriptGuard) Name(dns string) error {
	u := &scriptUse{kind: capability.DNS, text: dns, host: parseHost(dns)}
	if u.host.odd || u.host.text == "" {
		return refuseScript(g.script, u.need(), "which is no name")
	}
	return g.decide(u)
}

// URL decides on the URL of a request: the first one, and that of each redirect. A URL of a Unix
// socket is for Unix.
func (g *ScriptGuard) URL(u *url.URL) error {
	use := urlUse(u)
	isHTTP := use.url.scheme == "http" || use.url.scheme == "https"
	if use.url.odd || use.url.host.odd || use.url.socket != "" || !isHTTP {
		return refuseScript(g.script, use.need(), "which can be read in two ways, or is not of http")
	}
	return g.decide(use)
}

// Missing returns what a script declares and no grant can cover, sorted: a script that misses
// something does not run. What a pattern with a detail will be is not known yet. The decision
// is made at each use.
func (g Grants) Missing(script string, s capability.Set) (missing []capability.Need) {
	for _, n := range s.Needs() {
		if !g.canCover(script, n) {
			missing = append(missing, n)
		}
	}
	return missing
}

// canCover compares the text of a declared pattern with the grants.
func (g Grants) canCover(script string, n capability.Need) bool {
	if g.denies(script, n.Kind, func(p Pattern) bool { return deniesPattern(p, n) }) {
		return false
	}
	return g.grants(script, n.Kind, func(p Pattern) bool { return coversPattern(p, n) })
}

// deniesPattern reports whether a pattern of a grant that denies matches all that a declared one does.
func deniesPattern(p Pattern, n capability.Need) bool {
	switch {
	case p.kind != glob || strings.Contains(n.Pattern, "${"):
		return p.kind == anything
	case n.Kind == capability.Unix, n.Kind == capability.Programs:
		return matchGlob(strings.ToLower(p.text), strings.ToLower(n.Pattern), '/')
	}
	return coversPattern(p, n)
}

// coversPattern reports whether a pattern of a grant can match all that a declared one does.
func coversPattern(p Pattern, n capability.Need) bool {
	if p.kind != glob || strings.Contains(n.Pattern, "${") || p.text == n.Pattern {
		spelled := n.Kind == capability.Unix || n.Kind == capability.Programs && strings.IndexByte(n.Pattern, ' ') >= 0
		return !spelled || p.isLiteral()
	}
	switch n.Kind {
	case capability.Files:
		want, have := cleanPath(p.text), cleanPath(n.Pattern)
		return matchGlob(want, have, '/') || matchGlob(followTrusted(want), followTrusted(have), '/')
	case capability.Unix:
		return cleanPath(p.text) == cleanPath(n.Pattern)
	case capability.HTTP:
		u := parseURL(n.Pattern)
		return u.odd || matchURL(p, u)
	case capability.TCP, capability.UDP:
		host, port, ok := cutPort(n.Pattern)
		if !ok {
			return true
		}
		if strings.IndexByte(n.Pattern, '*') >= 0 {
			return matchGlob(strings.ToLower(p.text), strings.ToLower(n.Pattern), '.')
		}
		return matchEndpoint(p, parseHost(host), port)
	case capability.DNS:
		return matchGlob(strings.ToLower(p.text), strings.ToLower(n.Pattern), '.')
	case capability.Programs:
		return strings.IndexByte(n.Pattern, ' ') < 0 && matchGlob(p.text, n.Pattern, '/') // sudo NAME is spelled out
	}
	return matchGlob(p.text, n.Pattern, '/')
}

// IsRefusal reports whether an error of a ScriptGuard is a decision, and not a failure of the file
// system: no script may catch it.
func IsRefusal(err error) bool {
	var undeclared *UndeclaredError
	var refused *RefusedError
	return errors.As(err, &undeclared) || errors.As(err, &refused)
}
