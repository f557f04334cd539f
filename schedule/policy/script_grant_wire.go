package policy

import (
	"encoding/json"
	"fmt"
)

// wireGrant is a grant on its way to the script process.
type wireGrant struct {
	Keyword Keyword    `json:"keyword,omitempty"`
	Script  []string   `json:"script,omitempty"`
	Lines   []wireLine `json:"lines,omitempty"`
	Deny    bool       `json:"deny,omitempty"`
}

// MarshalJSON returns the grants for the script process.
func (g Grants) MarshalJSON() ([]byte, error) {
	wire := make([]wireGrant, 0, len(g.Rules))
	for _, r := range g.Rules {
		w := wireGrant{Keyword: r.Keyword, Lines: toWireLines(r.Lines), Deny: r.Deny}
		for _, p := range r.Script {
			w.Script = append(w.Script, p.text)
		}
		wire = append(wire, w)
	}
	return json.Marshal(wire)
}

// UnmarshalJSON reads what MarshalJSON wrote. An error leaves no grant.
func (g *Grants) UnmarshalJSON(data []byte) error {
	*g = Grants{}
	var wire []wireGrant
	if err := json.Unmarshal(data, &wire); err != nil {
		return fmt.Errorf("not grants: %w", err)
	}
	var rules []Grant
	for _, w := range wire {
		r := Grant{Keyword: w.Keyword, Deny: w.Deny}
		var err error
		if r.Script, err = parsePatterns(w.Script); err != nil {
			return err
		}
		if r.Lines, err = fromWireLines(w.Lines); err != nil {
			return err
		}
		rules = append(rules, r)
	}
	g.Rules = rules
	return nil
}
