package policy

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
)

// A Policy is what the owner of a host lets an endpoint make it do. It does not change.
type Policy struct {
	// Checks are the rules for checks, of which the first one that fits decides.
	Checks []Rule
	// Questions are the requests that an endpoint may send: check.test, check.targets, host_info.
	Questions []string
	// HostInfo are the types of host information that an endpoint may have; "all": every one.
	// HostInfoDeny are types that it never gets.
	HostInfo, HostInfoDeny []string
	// Secrets are the rules for the owner's secrets.
	Secrets []SecretRules
}

// SecretRules say which checks may use a secret.
type SecretRules struct {
	Name  string
	Allow []Rule
}

// The questions of an endpoint.
const (
	CheckTest    = "check.test"
	CheckTargets = "check.targets"
	HostInfo     = "host_info"
)

// allInfo stands for every type of host information.
const allInfo = "all"

// Questions returns the questions that are allowed by default, which are all that there are.
func Questions() []string { return []string{CheckTest, CheckTargets, HostInfo} }

// DefaultHostInfo returns the types of host information that an endpoint gets by default.
func DefaultHostInfo() []string {
	return []string{
		"cpu", "memory", "disk", "filesystem", "filesystem_state", "network", "system", "date", "hostname",
	}
}

// Default returns the policy of an owner who says nothing: figures only.
func Default() *Policy {
	return &Policy{Checks: []Rule{{Keyword: Figures}}, Questions: Questions(), HostInfo: DefaultHostInfo()}
}

// Nothing returns the policy that refuses everything: that of an owner whose own cannot be read.
func Nothing() *Policy { return &Policy{} }

// AllowsHostInfo reports whether an endpoint may have a type of host information.
func (p *Policy) AllowsHostInfo(name string) bool {
	return p.AllowsQuestion(HostInfo) && !slices.Contains(p.HostInfoDeny, name) &&
		(slices.Contains(p.HostInfo, allInfo) || slices.Contains(p.HostInfo, name))
}

// AllowsQuestion reports whether an endpoint may ask a question.
func (p *Policy) AllowsQuestion(question string) bool { return slices.Contains(p.Questions, question) }

// AllowsAll reports whether the policy has the rule all: a host of this owner does what the endpoint
// says.
func (p *Policy) AllowsAll() bool {
	return slices.ContainsFunc(p.Checks, func(r Rule) bool { return r.Keyword == All })
}

// judgement is the version of what a rule means: another one makes hosts judge their schedules again.
const judgement = "1"

// Hash identifies what the policy says about checks. Verdicts under another hash are not used.
func (p *Policy) Hash() string {
	if len(p.Secrets) == 0 && len(p.Checks) == 1 && p.Checks[0].Keyword != "" {
		return judgement + " " + string(p.Checks[0].Keyword) // of nearly every host
	}
	var b strings.Builder
	write := func(rules []Rule) {
		for i := range rules {
			b.WriteString(rules[i].String())
			b.WriteByte('\n')
		}
	}
	write(p.Checks)
	for _, s := range p.Secrets {
		b.WriteString(quoteFlow(s.Name))
		b.WriteByte('\n')
		write(s.Allow)
	}
	sum := sha256.Sum256([]byte(b.String()))
	return judgement + " " + hex.EncodeToString(sum[:])
}
