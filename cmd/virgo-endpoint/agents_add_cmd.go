package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"virgo/cmd/virgo-endpoint/internal/admin"
	"virgo/cmd/virgo-endpoint/internal/store"
	"virgo/cmd/virgo-endpoint/internal/watch"
	"virgo/schedule/shorttext"
	"virgo/transport/agentkey"
)

type agentsAddCmd struct {
	ID   string `arg:"" optional:"" help:"The agent's id."`
	Key  string `placeholder:"KEY" help:"The agent's public key, as virgo key show prints it on the host."`
	From string `placeholder:"FILE" type:"path" help:"Register many: each line of FILE is an id and a key; - reads standard input."`
}

func (agentsAddCmd) Help() string {
	return "For hosts that have no connection to enrol over, and for keys that come by another way. A public key is no secret. " +
		"An id that has another key is refused; agents reset forgets that one. " +
		"In a file for --from, empty lines and those that begin with # are skipped; the command can be repeated."
}

// Validate is called by kong.
func (c *agentsAddCmd) Validate() error {
	switch {
	case c.From != "" && (c.ID != "" || c.Key != ""):
		return errors.New("--from takes ids and keys from the file: give no others")
	case c.From == "" && c.ID == "":
		return errors.New("an id is needed, or --from FILE")
	case c.From == "" && c.Key == "":
		return errors.New("missing flags: --key=KEY")
	}
	return nil
}

func (c *agentsAddCmd) Run(a *app) error {
	if c.From != "" {
		return c.addMany(a)
	}
	key, err := agentkey.Parse(c.Key)
	if err != nil {
		return &failure{exitUsage, err, "virgo key show prints the key on the agent's host"}
	}
	return a.changeAgents(c.ID, func(_ *store.Store, ad *admin.Admin, by watch.Actor) error {
		if err := ad.AddKey(a.ctx, by, c.ID, key); err != nil {
			return err
		}
		return a.changed("registered", c.ID, key, "key "+agentkey.Fingerprint(key))
	})
}

// Bounds of a file with keys.
const (
	maxKeys     = 1 << 20
	maxKeyBytes = 1 << 12 // of a line
)

// addMany registers the keys of a file. Nothing is registered if a line is not valid.
func (c *agentsAddCmd) addMany(a *app) error {
	in := a.in
	if c.From != "-" {
		f, err := os.Open(c.From)
		if err != nil {
			return &failure{code: exitUsage, err: err}
		}
		defer f.Close()
		in = f
	}
	list, err := readKeys(in)
	if err != nil {
		return &failure{exitUsage, fmt.Errorf("reading keys from %q: %w", c.From, err),
			"each line is an agent's id, a blank, and the key that virgo key show prints on its host"}
	}
	return a.changeAgents("", func(st *store.Store, ad *admin.Admin, by watch.Actor) error {
		n, err := ad.AddKeys(a.ctx, by, len(list), func() (int, error) { return st.AddKeys(a.ctx, list, a.now()) })
		if err != nil {
			return fmt.Errorf("%d of %d keys are registered: %w", n, len(list), err)
		}
		if a.JSON {
			return a.printJSON(addedDocument{document{schemaVersion}, n})
		}
		return a.print(fmt.Appendf(nil, "registered %d keys\n", n))
	})
}

// An addedDocument is the outcome of agents add --from.
type addedDocument struct {
	document
	Registered int `json:"registered"`
}

// readKeys reads lines of an id and a key.
func readKeys(in io.Reader) (list []store.AgentKey, err error) {
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, maxKeyBytes)
	for n := 1; lines.Scan(); n++ {
		text := bytes.TrimSpace(lines.Bytes())
		if len(text) == 0 || text[0] == '#' {
			continue
		}
		id, encoded, ok := strings.Cut(string(text), " ")
		if !ok {
			return nil, fmt.Errorf("line %d has no id and key: %q", n, shorttext.Truncate(string(text), 80))
		}
		key, err := agentkey.Parse(encoded)
		if err != nil {
			return nil, fmt.Errorf("line %d, agent %q: %w", n, shorttext.Truncate(id, 80), err)
		}
		if len(list) == maxKeys {
			return nil, fmt.Errorf("more than %d keys", maxKeys)
		}
		list = append(list, store.AgentKey{AgentID: id, Key: key})
	}
	if err := lines.Err(); err != nil {
		return nil, err
	}
	if len(list) == 0 {
		return nil, errors.New("no keys in it")
	}
	return list, nil
}
