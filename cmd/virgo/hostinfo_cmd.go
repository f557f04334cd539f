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

	"virgo/cmd/virgo/internal/atomicfile"
	"virgo/cmd/virgo/internal/term"
	"virgo/collect/worker"
	"virgo/schedule/strictyaml"
)

type hostinfoCmd struct {
	Types   []string      `arg:"" optional:"" name:"type" help:"What to tell, for example cpu memory."`
	List    bool          `help:"List the types there are."`
	Keys    bool          `help:"Show the keys of the types' answers, and what they are."`
	All     bool          `help:"Tell everything."`
	Out     string        `placeholder:"DIR" help:"Write each answer to DIR/TYPE.json."`
	Timeout time.Duration `default:"5m" help:"Time limit of the whole."`
}

// Help is the command's own part of its help.
func (hostinfoCmd) Help() string {
	return "Prints JSON: for each type its metrics, the time (ms) and, where something went wrong, an error. Passwords, keys and tokens " +
		"are left out. Exits with 1 where a type that was named has an error; with --all that is said on standard error."
}

// hostInfoTypes lists what the host can tell.
func hostInfoTypes() []string {
	var names []string
	for _, t := range worker.Offered().HostInfo {
		names = append(names, t.Name)
	}
	return names
}

func (c *hostinfoCmd) Run(a *app) error {
	offered := worker.Offered().HostInfo
	if c.List {
		return c.list(a, offered)
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
			return &exitError{exitUsage, err}
		}
	}
	return c.tell(a, wanted)
}

// wanted gives the types that were named, or all.
func (c *hostinfoCmd) wanted(offered []worker.InfoType) ([]worker.InfoType, error) {
	switch {
	case c.All && len(c.Types) > 0:
		return nil, usageError("--all and %q are both given", c.Types[0])
	case c.All, c.Keys && len(c.Types) == 0:
		return offered, nil
	case len(c.Types) == 0:
		return nil, &exitError{exitUsage, withHint{fmt.Errorf("no type is named"), "virgo hostinfo --list, then for example virgo hostinfo cpu memory"}}
	}
	var wanted []worker.InfoType
	for _, name := range c.Types {
		i := slices.IndexFunc(offered, func(t worker.InfoType) bool { return t.Name == name })
		if i < 0 {
			hint := "virgo hostinfo --list"
			if near := strictyaml.Nearest(name, hostInfoTypes()); near != "" {
				hint = fmt.Sprintf("did you mean %q?", near)
			}
			return nil, &exitError{exitUsage, withHint{fmt.Errorf("no host information type %q", name), hint}}
		}
		wanted = append(wanted, offered[i])
	}
	return wanted, nil
}

func (c *hostinfoCmd) list(a *app, offered []worker.InfoType) error {
	if a.JSON {
		return a.printJSON(struct {
			document
			Types []worker.InfoType `json:"types"`
		}{document{schemaVersion}, offered})
	}
	var t term.Table
	for _, info := range offered {
		systems := strings.Join(info.Systems, ", ")
		t.Cells(term.Cell{Text: info.Name, Color: term.Head}, term.Cell{Text: info.Summary}, term.Cell{Text: systems, Color: term.Faint})
	}
	return t.Write(a.out, a.color())
}

func (c *hostinfoCmd) keys(a *app, wanted []worker.InfoType) error {
	if a.JSON {
		return c.list(a, wanted)
	}
	var t term.Table
	for _, info := range wanted {
		for _, k := range info.Keys {
			t.Cells(term.Cell{Text: info.Name, Color: term.Faint}, term.Cell{Text: k.Name, Color: term.Head}, term.Cell{Text: k.Kind, Color: term.Faint}, term.Cell{Text: k.Doc})
		}
	}
	return t.Write(a.out, a.color())
}

// tell asks for each type and prints the answers, or writes them to files.
func (c *hostinfoCmd) tell(a *app, wanted []worker.InfoType) error {
	ctx, cancel := a.deadline(c.Timeout)
	defer cancel()
	answers := make(map[string]json.RawMessage, len(wanted))
	failed := false
	for i, info := range wanted {
		if c.Out != "" && term.IsTerminal(a.err) {
			fmt.Fprintf(a.err, "\r%d of %d: %s … \x1b[K", i+1, len(wanted), info.Name)
		}
		answer, fault, err := a.ask(ctx, info.Name)
		if a.ctx.Err() != nil { // what is answered then is no answer, and must not take the place of one
			return a.ctx.Err()
		}
		if err != nil {
			return err
		}
		if fault != "" {
			failed = true
			if c.All || c.Out != "" {
				a.notice("%s: %s", info.Name, fault)
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
	} else if term.IsTerminal(a.err) {
		fmt.Fprintf(a.err, "\r%d answers are in %s\x1b[K\n", len(wanted), c.Out)
	}
	if failed && !c.All {
		return &exitError{code: exitUnexpected}
	}
	return nil
}

// ask gives an answer and the error that stands in it. One type that takes virgo-checks down with it does not cost the
// others their answers. Error: virgo-checks cannot be started.
func (a *app) ask(ctx context.Context, name string) (answer json.RawMessage, fault string, err error) {
	var read struct {
		Error     string          `json:"error"`
		Metrics   json.RawMessage `json:"metrics"`
		Timestamp int64           `json:"timestamp"`
	}
	answer, err = a.worker().HostInfo(ctx, name)
	var start *worker.StartError
	switch {
	case errors.As(err, &start):
		return nil, "", err
	case err != nil:
		read.Error, read.Timestamp = err.Error(), a.now().UnixMilli()
		answer, err = json.Marshal(read)
		return answer, read.Error, err
	}
	err = json.Unmarshal(answer, &read)
	return answer, read.Error, err
}

// writeAnswer writes a file that is its owner's alone: how a host is set up is nobody else's business.
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
