package main

import (
	"fmt"
	"io"
	"strings"

	"virgo/cmd/internal/agent"
	"virgo/cmd/internal/term"
	"virgo/collect/script"
	"virgo/collect/script/api"
	"virgo/schedule/shorttext"
)

type scriptDocCmd struct {
	Name string `arg:"" optional:"" name:"module|function" help:"A module (file) or a function (file.read); default: all."`
}

// Help returns the text below the summary in the help.
func (scriptDocCmd) Help() string {
	return "What is shown is what the functions themselves say. virgo help lua has the same after an " +
		"introduction with examples."
}

type scriptDocDocument struct {
	document
	Modules []moduleDocument `json:"modules"`
}

type moduleDocument struct {
	Name      string             `json:"name"` // empty: the functions have no prefix
	Doc       string             `json:"doc"`
	Functions []functionDocument `json:"functions"`
	Constants []constantDocument `json:"constants,omitempty"`
	Methods   []functionDocument `json:"methods,omitempty"`
}

type functionDocument struct {
	Name      string `json:"name"`
	Signature string `json:"signature"`
	Doc       string `json:"doc"`
	// Needs is the kind of capability that a script must declare to call it; empty: none.
	Needs string `json:"needs,omitempty"`
}

type constantDocument struct {
	Name string `json:"name"`
	Doc  string `json:"doc"`
}

// scriptModules returns what scripts can call: what reports first, what is Lua's own last.
func scriptModules() []script.Module {
	var first, own []script.Module
	for _, m := range script.Language() {
		if m.Name == "" {
			first = append(first, m)
		} else {
			own = append(own, m)
		}
	}
	return append(append(first, api.Doc()...), own...)
}

func (c *scriptDocCmd) Run(a *app) error {
	modules, err := c.chosen()
	if err != nil {
		return err
	}
	if a.JSON {
		doc := scriptDocDocument{document: document{schemaVersion}, Modules: []moduleDocument{}}
		for _, m := range modules {
			doc.Modules = append(doc.Modules, newModuleDocument(m))
		}
		return a.printJSON(doc)
	}
	for i, m := range modules {
		if i > 0 {
			fmt.Fprintln(a.Out)
		}
		if err := writeModule(a.Out, m); err != nil {
			return err
		}
	}
	return nil
}

// chosen returns the modules that the argument names, one function of one, or all.
func (c *scriptDocCmd) chosen() ([]script.Module, error) {
	all := scriptModules()
	if c.Name == "" {
		return all, nil
	}
	var found []script.Module
	var known []string
	for _, m := range all {
		if m.Name != "" {
			known = append(known, m.Name)
		}
		if m.Name == c.Name {
			found = append(found, m)
			continue
		}
		one := script.Module{Name: m.Name}
		for _, f := range m.Functions {
			name := qualified(m.Name, f.Name)
			if known = append(known, name); name == c.Name {
				one.Functions = append(one.Functions, f)
			}
		}
		for _, f := range m.Methods {
			if f.Name == c.Name || strings.HasSuffix(c.Name, ":"+f.Name) {
				one.Methods = append(one.Methods, f)
			}
		}
		if len(one.Functions)+len(one.Methods) > 0 {
			found = append(found, one)
		}
	}
	if len(found) > 0 {
		return found, nil
	}
	hint := "virgo script doc shows all"
	if near := shorttext.Nearest(c.Name, known); near != "" {
		hint = fmt.Sprintf("did you mean %q?", near)
	}
	err := fmt.Errorf("scripts have no module or function %q", c.Name)
	return nil, agent.WithCode(agent.ExitUsage, agent.WithHint(err, hint))
}

func qualified(module, name string) string {
	if module == "" {
		return name
	}
	return module + "." + name
}

// docWidth is where the text of the documentation wraps.
const docWidth = 100

func writeModule(w io.Writer, m script.Module) error {
	head := m.Name
	if m.Doc != "" {
		head = strings.TrimSpace(head + "  " + m.Doc)
	}
	if head != "" {
		writeIndented(w, "", head)
	}
	for _, f := range append(append([]script.Function{}, m.Functions...), m.Methods...) {
		fmt.Fprintln(w, "  "+f.Signature)
		text := f.Doc
		if f.Needs != "" {
			text = strings.TrimSpace(text + " Needs " + string(f.Needs) + ".")
		}
		writeIndented(w, "      ", text)
	}
	for _, k := range m.Constants {
		fmt.Fprintln(w, "  "+qualified(m.Name, k.Name))
		writeIndented(w, "      ", k.Doc)
	}
	return nil
}

func writeIndented(w io.Writer, indent, text string) {
	for _, line := range term.Wrap(text, docWidth-len(indent)) {
		fmt.Fprintln(w, indent+line)
	}
}

func newModuleDocument(m script.Module) moduleDocument {
	doc := moduleDocument{
		Name: m.Name, Doc: m.Doc,
		Functions: newFunctionDocuments(m.Functions), Methods: newFunctionDocuments(m.Methods),
	}
	for _, k := range m.Constants {
		doc.Constants = append(doc.Constants, constantDocument{k.Name, k.Doc})
	}
	return doc
}

func newFunctionDocuments(functions []script.Function) []functionDocument {
	docs := []functionDocument{}
	for _, f := range functions {
		docs = append(docs, functionDocument{f.Name, f.Signature, f.Doc, string(f.Needs)})
	}
	return docs
}
