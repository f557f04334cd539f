package folder

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"slices"
	"sync"

	"virgo/schedule/yaml"
	"virgo/schedule/yaml/full"
)

const (
	// maxClientIDs bounds the names in a file of client ids.
	maxClientIDs = 100_000
	// anyAgent is what a relay's certificate is mapped to.
	anyAgent = "any"
)

// ErrBadClientIDs is returned when a file of client ids cannot be read.
var ErrBadClientIDs = errors.New("the mapping of client certificates cannot be read")

// ClientIDs maps the names in clients' certificates to ids of agents, by a file of the endpoint's owner:
//
//	web1.example.com: web1
//	db.example.com: [db1, db2]
//	relay.example.com: any
//
// A name that is not in the file, or every name if there is no file, is that of the agent with the same
// id. The file is read again when it changes; if the new one has a mistake, the last good one stays in
// use. It is safe for concurrent use.
type ClientIDs struct {
	path string
	log  *slog.Logger

	mu   sync.Mutex
	info fs.FileInfo // of the last read, good or bad; nil: there was no file
	ids  map[string][]string
}

// LoadClientIDs reads a file, which may be missing if it is not required. Error: ErrBadClientIDs.
func LoadClientIDs(path string, required bool, log *slog.Logger) (*ClientIDs, error) {
	c := &ClientIDs{path: path, log: log}
	err := c.refresh()
	if errors.Is(err, fs.ErrNotExist) && !required {
		err = nil
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrBadClientIDs, err)
	}
	return c, nil
}

// May reports whether a client whose certificate has these names may say hello as agentID; relay is true
// for one that may as any agent.
func (c *ClientIDs) May(names []string, agentID string) (ok, relay bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.refresh(); err != nil && !errors.Is(err, fs.ErrNotExist) {
		c.log.Error("the mapping of client certificates was not accepted; the last good one is used", "error", err)
	}
	for _, name := range names {
		ids, mapped := c.ids[name]
		switch {
		case !mapped && name == agentID, slices.Contains(ids, agentID):
			return true, false
		case slices.Equal(ids, []string{anyAgent}):
			return true, true
		}
	}
	return false, false
}

// refresh reads the file if it changed. A file that is gone maps nothing.
func (c *ClientIDs) refresh() error {
	info, err := os.Stat(c.path)
	if errors.Is(err, fs.ErrNotExist) {
		c.info, c.ids = nil, nil
		return err
	}
	if err != nil {
		return err
	}
	if c.info != nil && !changed(c.info, info) {
		return nil
	}
	c.info = info
	data, err := readBounded(c.path, info)
	if err != nil {
		return fmt.Errorf("%q: %w", c.path, err)
	}
	ids, err := parseClientIDs(c.path, data)
	if err != nil {
		return err
	}
	c.ids = ids
	return nil
}

func parseClientIDs(file string, data []byte) (map[string][]string, error) {
	root, err := full.Parse(file, data)
	if err != nil {
		return nil, err
	}
	ids := map[string][]string{}
	bad := func(line int, text string) error { return &yaml.Error{File: file, Line: line, Text: text} }
	switch {
	case root.Kind == yaml.Null:
		return ids, nil
	case root.Kind != yaml.Map:
		return nil, bad(root.Line, "not a map of certificates' names to agent ids")
	case len(root.Fields) > maxClientIDs:
		return nil, bad(root.Line, fmt.Sprintf("more than %d names", maxClientIDs))
	}
	for _, f := range root.Fields {
		items := f.Value.Items
		if f.Value.Kind != yaml.List {
			items = []yaml.Node{f.Value}
		}
		list := []string{}
		for _, n := range items {
			if n.Kind != yaml.Text && n.Kind != yaml.Number || n.Text == "" {
				return nil, bad(n.Line, fmt.Sprintf("%s is mapped to something that is no agent id", yaml.QuoteKey(f.Key)))
			}
			list = append(list, n.Text)
		}
		ids[f.Key] = list
	}
	return ids, nil
}
