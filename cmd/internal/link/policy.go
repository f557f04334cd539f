package link

import (
	"fmt"
	"maps"
	"strings"

	"virgo/collect"
	"virgo/schedule"
	"virgo/schedule/policy"
)

// policy returns the owner's policy; one that allows nothing where there is none.
func (c *Config) policy() *policy.Policy {
	if c.Policy == nil {
		return policy.Nothing()
	}
	return c.Policy
}

// policyID identifies the policy, the program and the bundle of scripts that verdicts are of: another version may know
// other types, and other details.
func (c *Config) policyID(st *State) string {
	id := c.Version + " " + c.policy().Hash()
	if bundle := st.Bundle.SHA256; bundle != "" {
		id += " " + bundle
	}
	return id
}

// hasUndecided reports whether the endpoint's schedule has a check without a verdict whose type is known by now: its
// script was put into the owner's folder after the schedule came.
func (c *Config) hasUndecided(st *State) bool {
	for i := range st.Cached.Schedule.Checks {
		k := &st.Cached.Schedule.Checks[i]
		if !k.FromEndpoint || k.AllowedBy > 0 || k.Refusal != "" || k.Fault != "" || c.Registry == nil {
			continue
		}
		if _, ok := c.Definition(k.Type); ok {
			return true
		}
	}
	return false
}

// Judge decides on the checks of the cached schedule where that was not done under the policy as it is
// now, and reports whether it did. Without a Registry it cannot decide; then none is allowed.
func (c *Config) Judge(st *State) bool {
	if !st.HasCached || st.Cached.Policy == c.policyID(st) && !c.hasUndecided(st) {
		return false
	}
	if c.Registry == nil {
		for i := range st.Cached.Schedule.Checks {
			st.Cached.Schedule.Checks[i].AllowedBy, st.Cached.Schedule.Checks[i].Refusal = 0, ""
		}
		st.Cached.Policy = ""
		return false
	}
	for i := range st.Cached.Schedule.Checks {
		c.policy().Judge(&st.Cached.Schedule.Checks[i], c.Definition)
	}
	st.Cached.Policy = c.policyID(st)
	return true
}

// refusedIDs returns the ids of the checks that the owner's rules refuse.
func refusedIDs(s schedule.Schedule) map[string]bool {
	ids := make(map[string]bool)
	for i := range s.Checks {
		if s.Checks[i].Refusal != "" {
			ids[s.Checks[i].ID] = true
		}
	}
	return ids
}

// noticeRefusals prints a line when checks are refused that were not before: after an upgrade from a
// version without rules, when the endpoint sends other checks, when the owner changes the rules.
func (c *Config) noticeRefusals(before map[string]bool, now schedule.Schedule) {
	more := 0
	for id := range refusedIDs(now) {
		if !before[id] {
			more++
		}
	}
	if more == 0 || c.Notice == nil {
		return
	}
	what, allow := "checks of the endpoint are", "them"
	if more == 1 {
		what, allow = "check of the endpoint is", "it"
	}
	c.Notice("%d %s not allowed by this host's owner; virgo policy suggest prints rules for virgo.yaml "+
		"that would allow %s", more, what, allow)
}

// Definition returns the definition of a type of checks.
func (c *Config) Definition(checkType string) (schedule.Definition, bool) {
	t, ok := c.Registry.Lookup(checkType)
	if !ok {
		return schedule.Definition{}, false
	}
	return t.Definition(), true
}

// Job returns the job of a check that is about to run. A check of an endpoint that its owner allows gets
// the guard of the rule that allows it, and the secrets that it names: the job has its own copy of the
// details then, which is not stored.
func (c *Config) Job(k schedule.Check, previous []byte) collect.Job {
	job := collect.Job{Check: k, Previous: previous}
	if !k.FromEndpoint || k.Fault != "" || !k.MayRun() {
		return job
	}
	p := c.policy()
	if at := k.AllowedBy - 1; at < len(p.Checks) && p.Checks[at].Keyword == policy.Figures {
		return job // it has no file, no destination and no secret
	}
	d, ok := c.Definition(k.Type)
	if !ok {
		return job // the runner says that there is no such type
	}
	guard, err := p.Guard(&k, d)
	if err != nil {
		job.Check.Refusal = err.Error()
		return job
	}
	job.Guard = guard
	if details, err := c.withSecrets(k.Details, d); err != nil {
		job.Check.Invalidate(err.Error())
	} else {
		job.Check.Details = details
	}
	return job
}

// secretPrefix begins a detail that names a secret of the owner.
const secretPrefix = "secret:"

// withSecrets returns details with the values of the secrets that they name, which the guard has allowed.
// Error: one cannot be read; it does not show the secret.
func (c *Config) withSecrets(d schedule.Details, def schedule.Definition) (schedule.Details, error) {
	out := d
	replace := func(into map[string]any, key string) error {
		text, _ := into[key].(string)
		name, ok := strings.CutPrefix(text, secretPrefix)
		if !ok {
			return nil
		}
		if c.Secret == nil {
			return fmt.Errorf("there is no secret %.64q", name)
		}
		value, err := c.Secret(name)
		if err != nil {
			return fmt.Errorf("the secret %.64q cannot be read: %w", name, err)
		}
		into[key] = value
		return nil
	}
	for _, detail := range def.Details {
		switch detail.Role {
		case schedule.Secret:
			if text, _ := d[detail.Name].(string); !strings.HasPrefix(text, secretPrefix) {
				continue
			}
			out = maps.Clone(out)
			if err := replace(out, detail.Name); err != nil {
				return nil, err
			}
		case schedule.Headers:
			object, err := d.Object(detail.Name) // also one that is JSON in a text
			if err != nil || object == nil {
				continue // the check reports it
			}
			headers := maps.Clone(object)
			for key := range headers {
				if err := replace(headers, key); err != nil {
					return nil, err
				}
			}
			out = maps.Clone(out)
			out[detail.Name] = headers
		}
	}
	return out, nil
}
