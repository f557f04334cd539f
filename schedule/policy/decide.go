package policy

import (
	"slices"

	"virgo/schedule"
)

// A Verdict says whether a check is allowed.
type Verdict struct {
	Allowed bool
	// Rule is the index in Policy.Checks of the rule that decided; -1: none fitted.
	Rule int
	// Refusal is why not; nil if it is allowed.
	Refusal *RefusedError
}

// Decide returns the verdict on a check.
func (p *Policy) Decide(e *Effective) Verdict {
	if f := e.tooLarge(); f != nil {
		return Verdict{Rule: -1, Refusal: e.refusal(f.name)}
	}
	if f := e.ownersOnly(); f != nil {
		return Verdict{Rule: -1, Refusal: e.refusal(f.name)}
	}
	if f := e.oddHeaders(); f != nil {
		return Verdict{Rule: -1, Refusal: e.refusal(f.name)}
	}
	failing, found := "", false
	for i := range p.Checks {
		r := &p.Checks[i]
		if !r.appliesTo(e.checkType) {
			continue
		}
		if r.Deny {
			if r.denies(e) {
				return Verdict{Rule: i, Refusal: e.refusal(r.shownLine())}
			}
			continue
		}
		detail, ok := r.fits(e, false)
		if ok && r.Keyword == All {
			if f := e.unsafeOptionFile(r); f != nil {
				detail, ok = f.name, false
			}
		}
		if ok {
			if refusal := p.refuseSecret(e); refusal != nil {
				return Verdict{Rule: i, Refusal: refusal}
			}
			return Verdict{Allowed: true, Rule: i}
		}
		if detail != "" && !found {
			failing, found = detail, true // of the first rule for this type
		}
	}
	return Verdict{Rule: -1, Refusal: e.refusal(failing)}
}

// shownLine returns the detail that a refusal by the rule names.
func (r *Rule) shownLine() string {
	if len(r.Lines) == 0 {
		return ""
	}
	return r.Lines[0].Name
}

// refuseSecret returns why the check may not have one of the secrets that it names; nil if it may.
func (p *Policy) refuseSecret(e *Effective) *RefusedError {
	for _, name := range e.secrets() {
		if _, ok := p.secretRule(name, e); !ok {
			return &RefusedError{Type: e.checkType, Field: "secret", Value: name}
		}
	}
	return nil
}

// secretRule returns the index of the rule that lets a check have a secret.
func (p *Policy) secretRule(name string, e *Effective) (rule int, ok bool) {
	rules := p.secretRules(name)
	for i := range rules {
		r := &rules[i]
		if !r.appliesTo(e.checkType) {
			continue
		}
		if r.Deny {
			if r.denies(e) {
				return i, false
			}
			continue
		}
		if _, ok := r.fits(e, true); ok {
			return i, true
		}
	}
	return -1, false
}

func (p *Policy) secretRules(name string) []Rule {
	if i := slices.IndexFunc(p.Secrets, func(s SecretRules) bool { return s.Name == name }); i >= 0 {
		return p.Secrets[i].Allow
	}
	return nil
}

// tooLarge returns a regular expression of the endpoint's that costs too much; nil if there is none.
func (e *Effective) tooLarge() *field {
	if i := slices.IndexFunc(e.fields, func(f field) bool { return f.tooLarge }); i >= 0 {
		return &e.fields[i]
	}
	return nil
}

// oddHeaders returns headers that can be read in more than one way, whatever the rules are: which of the
// owner's secrets they name is not known. nil if there are none.
func (e *Effective) oddHeaders() *field {
	if i := slices.IndexFunc(e.fields, func(f field) bool { return f.role == schedule.Headers && f.odd }); i >= 0 {
		return &e.fields[i]
	}
	return nil
}

// refusal returns the error for a check that is refused for a detail; for the one that says most if it is
// empty.
func (e *Effective) refusal(detail string) *RefusedError {
	f := e.field(detail)
	if f == nil && detail != "" {
		return &RefusedError{Type: e.checkType, Field: detail}
	}
	if f == nil {
		f = e.tellingField()
	}
	if f == nil {
		return &RefusedError{Type: e.checkType}
	}
	return &RefusedError{Type: e.checkType, Field: f.name, Value: f.shown()}
}

// tellingField returns the detail that says most of where the check goes; nil if none does. What the
// endpoint said tells more than a default.
func (e *Effective) tellingField() (telling *field) {
	for i := range e.fields {
		f := &e.fields[i]
		if f.text == "" || !f.isShown() || f.role == schedule.Port || f.role == schedule.Switch {
			continue
		}
		if telling == nil || f.given && !telling.given {
			telling = f
		}
	}
	return telling
}

// isShown reports whether a refusal may name the value, which is no secret and tells where the check goes.
func (f *field) isShown() bool {
	switch f.role {
	case schedule.Path, schedule.Credentials, schedule.Program, schedule.Host, schedule.Port, schedule.Address,
		schedule.Socket, schedule.Instance, schedule.DomainName, schedule.Switch, schedule.Owner, schedule.URL:
		return true
	}
	return f.role == schedule.Other && (f.name == "target" || f.name == "name")
}

// shown returns the value for a refusal; empty if it is not told.
func (f *field) shown() string {
	switch {
	case !f.isShown():
		return ""
	case f.role == schedule.URL:
		return f.url.shown()
	}
	return f.text
}

// Judge decides on a check of an endpoint and writes the verdict into it. define returns the definition
// of a type. A check that cannot run, because of its fault or its type, gets no verdict.
func (p *Policy) Judge(c *schedule.Check, define func(checkType string) (schedule.Definition, bool)) {
	c.FromEndpoint, c.AllowedBy, c.Refusal = true, 0, ""
	if c.Fault != "" {
		return // it does not run
	}
	d, ok := define(c.Type)
	if !ok {
		return
	}
	v := p.Decide(NewEffective(c, d))
	if v.Allowed {
		c.AllowedBy = v.Rule + 1
		return
	}
	c.Refusal = v.Refusal.Error()
}

// AllowsType reports whether a rule may allow a check of a type.
func (p *Policy) AllowsType(checkType string) bool {
	return slices.ContainsFunc(p.Checks, func(r Rule) bool {
		_, figure := figureDetails(checkType)
		return !r.Deny && (r.Keyword != Figures || figure) && (r.Keyword != Scripts || isScript(checkType)) && r.appliesTo(checkType)
	})
}

// AllowsTarget reports whether a rule may allow a check of a type with a target: by its first detail that
// names one, whatever the others are. It says which of the possible targets an endpoint is told.
func (p *Policy) AllowsTarget(d schedule.Definition, target string) bool {
	at := slices.IndexFunc(d.Details, func(d schedule.Detail) bool {
		return d.Name == "target" || d.Name == "name" || d.Role == schedule.Program
	})
	if at < 0 {
		return p.AllowsType(d.Type)
	}
	f := newField(d.Details[at], target)
	e := &Effective{checkType: d.Type, fields: []field{f}}
	for i := range p.Checks {
		r := &p.Checks[i]
		l := r.line(f.name)
		switch {
		case !r.appliesTo(d.Type):
		case r.Deny && len(r.Lines) == 0, r.Deny && len(r.Lines) == 1 && r.denies(e):
			return false
		case r.Deny:
		case r.Keyword == All, l != nil && l.allows(&f):
			return true
		case r.Keyword == Figures, r.Keyword == Scripts:
			if _, ok := r.fits(e, false); ok {
				return true
			}
		}
	}
	return false
}
