package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"virgo/cmd/internal/agent"
	"virgo/cmd/internal/atomicfile"
	"virgo/cmd/internal/term"
	"virgo/collect/hostinfo"
	"virgo/collect/worker"
	"virgo/schedule/shorttext"
)

type hostinfoCmd struct {
	Types   []string      `arg:"" optional:"" name:"type" help:"Types of information, for example cpu memory."`
	List    bool          `help:"List the types."`
	Keys    bool          `help:"List the keys of each type with their meaning."`
	All     bool          `help:"Print all types."`
	Out     string        `placeholder:"DIR" help:"Write each type to DIR/TYPE.json."`
	Timeout time.Duration `default:"5m" help:"Time limit of all types together."`
}

// Help returns the text below the summary in the help.
func (hostinfoCmd) Help() string {
	return "Prints JSON: for each type its metrics, the time (ms) and an error if there was one. Of command lines and " +
		"options it shows names, not values (host_info_arguments), and of settings what is no secret. Exits with 1 if a named type has an error; with --all, errors go to standard error only."
}

func (c *hostinfoCmd) Run(a *app) error {
	offered := worker.LoadCatalog().HostInfo
	if c.List {
		return c.list(a, offered)
	}
	if c.Timeout <= 0 {
		return agent.UsageError("--timeout must be longer than 0s, not %s", c.Timeout)
	}
	wanted, err := c.wanted(offered)
	if err != nil {
		return err
	}
	if c.Keys {
		return c.keys(a, wanted)
	}
	if c.Out != "" {
		if err := os.MkdirAll(c.Out, 0o700); err != nil {
			return agent.WithCode(agent.ExitUsage, err)
		}
	}
	return c.print(a, wanted)
}

// wanted returns the named types, or all.
func (c *hostinfoCmd) wanted(offered []worker.InfoType) ([]worker.InfoType, error) {
	switch {
	case c.All && len(c.Types) > 0:
		return nil, agent.UsageError("--all and %q cannot be used together", c.Types[0])
	case c.All, c.Keys && len(c.Types) == 0:
		return offered, nil
	case len(c.Types) == 0:
		return nil, agent.WithCode(agent.ExitUsage, agent.WithHint(
			errors.New("no type is given"), "virgo hostinfo --list, then for example virgo hostinfo cpu memory",
		))
	}
	var wanted []worker.InfoType
	for _, name := range c.Types {
		i := slices.IndexFunc(offered, func(t worker.InfoType) bool { return t.Name == name })
		if i < 0 {
			hint := "virgo hostinfo --list"
			if near := shorttext.Nearest(name, agent.HostInfoTypes()); near != "" {
				hint = fmt.Sprintf("did you mean %q?", near)
			}
			return nil, agent.WithCode(agent.ExitUsage, agent.WithHint(fmt.Errorf("no host information type %q", name), hint))
		}
		wanted = append(wanted, offered[i])
	}
	return wanted, nil
}

// An infoDocument is a type of host information with the keys of its answers.
type infoDocument struct {
	worker.InfoType
	Keys []infoKey `json:"keys,omitempty"`
}

// An infoKey is one key of an answer: its name in JSON, its kind, and what it means.
type infoKey struct {
	Name string `json:"name"`
	Kind string `json:"kind"`
	Doc  string `json:"doc"`
}

// withKeys adds the keys to types.
func withKeys(offered []worker.InfoType) []infoDocument {
	all := hostinfo.Types()
	docs := make([]infoDocument, 0, len(offered))
	for _, info := range offered {
		doc := infoDocument{InfoType: info}
		if i := slices.IndexFunc(all, func(t hostinfo.Type) bool { return t.Name == info.Name }); i >= 0 {
			for _, k := range hostinfo.Describe(all[i]) {
				doc.Keys = append(doc.Keys, infoKey(k))
			}
		}
		docs = append(docs, doc)
	}
	return docs
}

func (c *hostinfoCmd) list(a *app, offered []worker.InfoType) error {
	if a.JSON {
		return a.printJSON(struct {
			document
			Types []infoDocument `json:"types"`
		}{document{schemaVersion}, withKeys(offered)})
	}
	var t term.Table
	for _, info := range offered {
		text := info.Summary
		if len(info.Systems) > 0 {
			text += " (" + strings.Join(info.Systems, ", ") + ")"
		}
		t.Cells(term.Cell{Text: info.Name, Color: term.Head}, term.Cell{Text: text})
	}
	return t.Write(a.Out, a.Color())
}

func (c *hostinfoCmd) keys(a *app, wanted []worker.InfoType) error {
	if a.JSON {
		return c.list(a, wanted)
	}
	var t term.Table
	for _, info := range withKeys(wanted) {
		for _, k := range info.Keys {
			t.Cells(
				term.Cell{Text: info.Name, Color: term.Faint}, term.Cell{Text: k.Name, Color: term.Head},
				term.Cell{Text: k.Kind, Color: term.Faint}, term.Cell{Text: k.Doc},
			)
		}
	}
	return t.Write(a.Out, a.Color())
}

// print prints the types, or writes them to files.
func (c *hostinfoCmd) print(a *app, wanted []worker.InfoType) error {
	ctx, cancel := a.Deadline(c.Timeout)
	defer cancel()
	answers := make(map[string]json.RawMessage, len(wanted))
	failed := false
	for i, info := range wanted {
		if c.Out != "" {
			a.ShowProgress(fmt.Sprintf("%d of %d: %s … ", i+1, len(wanted), info.Name))
		}
		answer, fault, err := a.ask(ctx, info.Name)
		if a.Context.Err() != nil { // an interrupted answer must not replace an earlier one
			if c.Out == "" {
				return a.Context.Err()
			}
			return agent.WithHint(a.Context.Err(), fmt.Sprintf("%d of %d answers are in %q", i, len(wanted), c.Out))
		}
		if err != nil {
			return err
		}
		if fault != "" {
			failed = true
			if c.All || c.Out != "" {
				a.Notice("%s: %s", info.Name, fault)
			}
		}
		if c.Out == "" {
			answers[info.Name] = answer
		} else if err := writeAnswer(filepath.Join(c.Out, info.Name+".json"), answer); err != nil {
			return err
		}
	}
	if c.Out == "" {
		if err := a.printJSON(struct {
			document
			HostInfo map[string]json.RawMessage `json:"host_info"`
		}{document{schemaVersion}, answers}); err != nil {
			return err
		}
	} else if term.IsTerminal(a.Err) {
		a.ClearProgress()
		fmt.Fprintf(a.Err, "%d answers are in %s\n", len(wanted), c.Out)
	}
	if failed && !c.All {
		return &agent.ExitError{Code: agent.ExitUnexpected}
	}
	return nil
}

// ask returns an answer and the error in it. If a type crashes the worker, only its own answer is
// missing. Error: the worker cannot be started.
func (a *app) ask(ctx context.Context, name string) (answer json.RawMessage, fault string, err error) {
	var read struct {
		Error     string          `json:"error"`
		Metrics   json.RawMessage `json:"metrics"`
		Timestamp int64           `json:"timestamp"`
	}
	answer, err = a.HostInfo(ctx, name)
	var start *worker.StartError
	switch {
	case errors.As(err, &start):
		return nil, "", err
	case err != nil:
		read.Error, read.Timestamp = err.Error(), a.Now().UnixMilli()
		answer, err = json.Marshal(read)
		return answer, read.Error, err
	}
	err = json.Unmarshal(answer, &read)
	return answer, read.Error, err
}

// writeAnswer writes a file with mode 0600: others must not read how the host is set up.
func writeAnswer(path string, answer json.RawMessage) error {
	f, err := atomicfile.Create(path)
	if err != nil {
		return err
	}
	defer f.Discard()
	enc := json.NewEncoder(f)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(answer); err != nil {
		return err
	}
	return f.Replace()
}
