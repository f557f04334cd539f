package main

import (
	"fmt"
	"slices"
	"strings"

	"virgo/cmd/internal/config"
	"virgo/cmd/internal/term"
	"virgo/schedule"
	"virgo/schedule/policy"
	"virgo/schedule/scriptbundle"
)

// isScript reports whether a check is one in Lua.
func isScript(k *schedule.Check) bool { return strings.HasPrefix(k.Type, scriptbundle.TypePrefix) }

// A needDocument is what a script declares, and whether the owner lets it have that.
type needDocument struct {
	Need    string `json:"need"`
	Granted bool   `json:"granted"`
	// Grant is the one that decides; empty: none covers it, or the script is of the owner's folder.
	Grant string `json:"grant,omitempty"`
	Line  int    `json:"line,omitempty"`
	// Own means that the script is of the owner's folder, and needs no grant.
	Own bool `json:"own,omitempty"`
}

// scriptCheck asks the script process what the script of a check declares.
func (a *app) scriptCheck(k *schedule.Check) (policy.ScriptCheck, error) {
	info, err := a.ScriptInfo(a.Context, k.Type)
	switch {
	case err != nil:
		return policy.ScriptCheck{}, err
	case info.Script == nil:
		return policy.ScriptCheck{}, fmt.Errorf("%s cannot be loaded: %s", k.Type, info.Error)
	}
	return policy.ScriptCheck{
		Definition: schedule.Definition{Type: k.Type, Details: info.Script.Details},
		Needs:      info.Script.Needs, Details: k.Details, Own: info.Own,
	}, nil
}

// needsOf compares what a script declares with the grants.
func needsOf(g policy.Grants, c policy.ScriptCheck) []needDocument {
	docs := []needDocument{}
	for _, e := range g.Explain(c) {
		d := needDocument{Need: e.Need.String(), Granted: e.Granted(), Own: e.Own}
		if e.Rule >= 0 {
			d.Grant, d.Line = g.Rules[e.Rule].String(), g.Rules[e.Rule].Row
		}
		docs = append(docs, d)
	}
	return docs
}

// needRows shows what a script needs.
func needRows(t *term.Table, docs []needDocument) {
	for i, d := range docs {
		name := ""
		if i == 0 {
			name = "needs"
		}
		cell := term.Cell{Text: d.Need + ": no grant covers it; virgo policy suggest", Color: term.Bad}
		grant := d.Grant
		switch {
		case grant != "" && d.Line > 0:
			grant = fmt.Sprintf("line %d, %s", d.Line, grant)
		case grant != "":
			grant = "the default, " + grant
		}
		switch {
		case d.Granted && d.Own:
			cell = term.Cell{Text: d.Need + ": the script is of this host's owner"}
		case d.Granted:
			cell = term.Cell{Text: d.Need + ": granted by " + grant}
		case d.Grant != "":
			cell.Text = d.Need + ": denied by " + grant
		}
		t.Cells(term.Cell{Text: name}, cell)
	}
}

// suggestGrants returns the grants that the scripts of some checks lack, and why some scripts say nothing.
func (a *app) suggestGrants(g policy.Grants, checks []schedule.Check) (all []suggestedRule, faults []string) {
	for i := range checks {
		k := &checks[i]
		if !isScript(k) || k.Fault != "" || k.Disabled {
			continue
		}
		c, err := a.scriptCheck(k)
		if err != nil {
			if fault := err.Error(); !slices.Contains(faults, fault) {
				faults = append(faults, fault)
			}
			continue
		}
		grant, ok := g.Suggest(c)
		if !ok {
			continue
		}
		text := grant.String()
		if at := slices.IndexFunc(all, func(r suggestedRule) bool { return r.Rule == text }); at >= 0 {
			all[at].Checks = append(all[at].Checks, k.ID)
			continue
		}
		all = append(all, suggestedRule{Rule: text, Checks: []string{k.ID}})
	}
	return all, faults
}

// writeGrants writes the grants with those that are suggested, as YAML.
func writeGrants(b *strings.Builder, g policy.Grants, suggested []suggestedRule) {
	b.WriteString("scripts:\n")
	for i := range g.Rules {
		b.WriteString("  - " + g.Rules[i].String() + "\n")
	}
	for _, r := range suggested {
		b.WriteString("  # " + shownChecks(r.Checks) + "\n  - " + r.Rule + "\n")
	}
}

// A grantDocument is one grant of what scripts may use.
type grantDocument struct {
	Grant string `json:"grant"`
	Line  int    `json:"line,omitempty"`
}

func grantDocuments(g policy.Grants) []grantDocument {
	docs := []grantDocument{}
	for i := range g.Rules {
		docs = append(docs, grantDocument{g.Rules[i].String(), g.Rules[i].Row})
	}
	return docs
}

// grantRows shows what scripts may use.
func grantRows(t *term.Table, grants []grantDocument) {
	for _, g := range grants {
		line := "default"
		if g.Line > 0 {
			line = fmt.Sprint(g.Line)
		}
		t.Row(line, g.Grant)
	}
}

// grantMistakes returns the mistakes that leave scripts the figures of the kernel.
func grantMistakes(cfg config.Config) (lines []string) {
	for _, m := range cfg.Mistakes {
		if m.Effect == config.ScriptsFigures {
			lines = append(lines, m.Err.Error())
		}
	}
	return lines
}
