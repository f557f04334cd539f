package main

import (
	"errors"
	"os"
	"slices"
	"strings"
	"time"

	"virgo/cmd/internal/agent"
	"virgo/cmd/internal/installed"
	"virgo/cmd/internal/term"
	"virgo/schedule/scriptbundle"
)

type bundleListCmd struct{}

// Help returns the text below the summary in the help.
func (bundleListCmd) Help() string {
	return "Shows the installed bundle, the previous one, the versions that this host does not take " +
		"again and why, and the own scripts of this host that stand in front of the bundle's."
}

type listDocument struct {
	document
	Current  *refDocument      `json:"current,omitempty"`
	Previous *refDocument      `json:"previous,omitempty"`
	State    string            `json:"state,omitempty"`
	Pin      string            `json:"pin,omitempty"`
	Back     *refusalDocument  `json:"back,omitempty"`
	Refused  []refusalDocument `json:"refused"`
	// Own are the types of this host's own scripts that the bundle has as well.
	Own []string `json:"own"`
	// Damaged is why the current bundle is not used.
	Damaged string `json:"damaged,omitempty"`
}

type refDocument struct {
	Name     string `json:"name"`
	Version  string `json:"version"`
	SHA256   string `json:"sha256"`
	KeyID    string `json:"key_id,omitempty"`
	SignedMS int64  `json:"signed_ms,omitempty"`
	SinceMS  int64  `json:"since_ms,omitempty"`
}

func newRefDocument(r installed.Ref) *refDocument {
	if r.IsZero() {
		return nil
	}
	return &refDocument{r.Name, r.Version, r.SHA256, r.Key, r.SignedMS, r.SinceMS}
}

type refusalDocument struct {
	Version string `json:"version"`
	SHA256  string `json:"sha256,omitempty"`
	Reason  string `json:"reason"`
	AtMS    int64  `json:"at_ms"`
	UntilMS int64  `json:"until_ms,omitempty"`
}

func newRefusalDocument(r installed.Refusal) refusalDocument {
	return refusalDocument{r.Version, r.SHA256, r.Reason, r.AtMS, r.UntilMS}
}

func (c *bundleListCmd) Run(a *app) error {
	cfg, err := a.LoadConfig()
	if err != nil {
		return err
	}
	i, err := a.bundles().Installed()
	damaged := ""
	if errors.Is(err, installed.ErrDamaged) {
		damaged, err = err.Error(), nil
	}
	if err != nil {
		return err
	}
	var own []string
	if !i.Current.IsZero() {
		use, err := a.bundles().Use(agent.RevokedSigners(cfg))
		if err != nil {
			damaged = err.Error()
		} else {
			own = ownInFront(a, use)
			use.File.Close()
			if use.Damaged != nil {
				damaged = use.Damaged.Error() + "; the previous one is used"
			}
		}
	}
	if a.JSON {
		return a.printJSON(newListDocument(i, damaged, own))
	}
	return printInstalled(a, i, damaged, own)
}

func newListDocument(i installed.Installed, damaged string, own []string) listDocument {
	doc := listDocument{
		document: document{schemaVersion},
		Current:  newRefDocument(i.Current), Previous: newRefDocument(i.Previous),
		State: string(i.State), Pin: i.Pin, Damaged: damaged,
		Refused: []refusalDocument{}, Own: append([]string{}, own...),
	}
	if i.Back.Version != "" {
		doc.Back = new(newRefusalDocument(i.Back))
	}
	for _, r := range i.Refused {
		doc.Refused = append(doc.Refused, newRefusalDocument(r))
	}
	return doc
}

// printInstalled prints the bundles as a table. own are the types of the host's own scripts.
func printInstalled(a *app, i installed.Installed, damaged string, own []string) error {
	var t term.Table
	installedRows(&t, i, damaged)
	if i.Current.IsZero() {
		t.Row("bundle", "none: virgo bundle update installs one")
	}
	if !i.Previous.IsZero() {
		t.Row("previous", i.Previous.String()+", "+signedText(i.Previous))
	}
	if i.Pin != "" && i.Current.IsZero() {
		t.Row("pinned to", i.Pin)
	}
	for _, r := range slices.Backward(i.Refused) {
		text := r.Version + ": " + r.Reason
		if until := time.UnixMilli(r.UntilMS); r.UntilMS != 0 && until.After(a.Now()) {
			text += " (until " + stamp(until) + ")"
		} else if r.UntilMS != 0 {
			text += " (it may be tried again)"
		}
		t.Row("refused", text)
	}
	for _, typ := range own {
		t.Row("own script", typ+" stands in front of the bundle's")
	}
	return t.Write(a.Out, a.Color())
}

// installedRows adds the rows about the current bundle.
func installedRows(t *term.Table, i installed.Installed, damaged string) {
	if !i.Current.IsZero() {
		t.Row("bundle", currentText(i))
	}
	if damaged != "" {
		t.Cells(term.Cell{Text: "bundle"}, term.Cell{Text: damaged, Color: term.Bad})
	}
	if i.Back.Version != "" {
		t.Cells(term.Cell{Text: "bundle"}, term.Cell{Text: backText(i.Back), Color: term.Bad})
	}
}

// ownInFront returns the types of this host's own scripts that the bundle has as well.
func ownInFront(a *app, use installed.Use) (types []string) {
	m, err := scriptbundle.ReadParsed(use.File, use.Ref.Bytes)
	if err != nil {
		return nil
	}
	entries, err := os.ReadDir(a.Paths().Scripts)
	if err != nil {
		return nil
	}
	for _, e := range entries {
		stem, ok := strings.CutSuffix(e.Name(), ".lua")
		if _, both := m.Script(scriptbundle.TypePrefix + stem); ok && both {
			types = append(types, scriptbundle.TypePrefix+stem)
		}
	}
	return types
}
