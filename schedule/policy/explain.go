package policy

import "virgo/schedule"

// A Reading is one detail of an effective check, as the rules see it.
type Reading struct {
	Name string
	// Value is what is compared; empty for a secret and where nothing is.
	Value string
	// Given means that it is not the default, so that a rule must name it; Free that none has to.
	Given, Free bool
}

// Readings returns the details that are there, in the order of the type's definition.
func (e *Effective) Readings() []Reading {
	var all []Reading
	for i := range e.fields {
		f := &e.fields[i]
		if f.text == "" && len(f.items) == 0 && len(f.entries) == 0 {
			continue
		}
		r := Reading{Name: f.name, Given: f.given, Free: f.role == schedule.Free || f.role == schedule.Match}
		switch f.role {
		case schedule.Secret, schedule.Headers:
			r.Value = "(not shown)"
		case schedule.Arguments:
			r.Value = patternTexts(literals(f.items), false)
		case schedule.URL:
			r.Value = f.url.shown()
		case schedule.Proxy:
			if r.Value = f.text; f.url.scheme != "" {
				r.Value = f.url.shown()
			}
		default:
			r.Value = f.text
		}
		all = append(all, r)
	}
	return all
}

func literals(items []string) []Pattern {
	patterns := make([]Pattern, 0, len(items))
	for _, item := range items {
		patterns = append(patterns, Pattern{text: item})
	}
	return patterns
}

// A Trial is how one rule compares with a check.
type Trial struct {
	// Rule is the index in Policy.Checks.
	Rule int
	// Fits means that the rule allows or denies the check; of the first such rule, this decides.
	Fits bool
	// Detail is the first detail for which a rule that allows does not fit; empty if it is for another
	// type.
	Detail string
}

// Trials compares a check with each rule that is for its type.
func (p *Policy) Trials(e *Effective) []Trial {
	var all []Trial
	for i := range p.Checks {
		r := &p.Checks[i]
		switch {
		case !r.appliesTo(e.checkType):
		case r.Deny:
			all = append(all, Trial{Rule: i, Fits: r.denies(e)})
		default:
			detail, ok := r.fits(e, false)
			all = append(all, Trial{Rule: i, Fits: ok, Detail: detail})
		}
	}
	return all
}
