package transporttest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// An Example is a fenced block of PROTOCOL.md. Its info string is the language and the name:
// "```json heartbeat.post request".
type Example struct {
	Language, Name string
	// Text is the block's text; that of a json block is compacted to one line, as on the wire.
	Text string
}

// A Protocol has the parts of PROTOCOL.md that tests compare with the code.
type Protocol struct {
	Examples []Example
	// Limits are the values of the tables under "Limits" (bytes, seconds or a count) by the name in
	// the first column. Names in the last table are prefixed with "endpoint.".
	Limits map[string]int64
}

// Example returns the text of the JSON example with that name.
func (p *Protocol) Example(name string) (string, error) {
	for _, e := range p.Examples {
		if e.Name == name {
			return e.Text, nil
		}
	}
	return "", fmt.Errorf("PROTOCOL.md has no example %q", name)
}

// ReadProtocol reads the PROTOCOL.md of the module that the test runs in.
func ReadProtocol() (*Protocol, error) {
	dir, err := os.Getwd()
	if err != nil {
		return nil, err
	}
	for {
		b, err := os.ReadFile(filepath.Join(dir, "transport", "PROTOCOL.md"))
		if err == nil {
			return parseProtocol(string(b))
		}
		parent := filepath.Dir(dir)
		if !errors.Is(err, fs.ErrNotExist) || parent == dir {
			return nil, err
		}
		dir = parent
	}
}

var (
	examplePattern = regexp.MustCompile("(?ms)^```(\\w+) ([^\n]+)\n(.*?)^```$")
	limitPattern   = regexp.MustCompile("(?m)^\\| `([\\w.]+)` \\| (\\d+)(?: \\w+)? \\|")
)

func parseProtocol(text string) (*Protocol, error) {
	p := &Protocol{Limits: make(map[string]int64)}
	for _, m := range examplePattern.FindAllStringSubmatch(text, -1) {
		e := Example{m[1], m[2], m[3]}
		if _, err := p.Example(e.Name); err == nil {
			return nil, fmt.Errorf("PROTOCOL.md: example %q is there twice", e.Name)
		}
		if e.Language == "json" {
			var line bytes.Buffer
			if err := json.Compact(&line, []byte(e.Text)); err != nil {
				return nil, fmt.Errorf("PROTOCOL.md: example %q: %w", e.Name, err)
			}
			e.Text = line.String()
		}
		p.Examples = append(p.Examples, e)
	}
	_, limits, _ := strings.Cut(text, "\n## Limits\n")
	agents, endpoints, _ := strings.Cut(limits, "\nOf `virgo-endpoint`")
	for _, part := range []struct{ prefix, text string }{{"", agents}, {"endpoint.", endpoints}} {
		for _, m := range limitPattern.FindAllStringSubmatch(part.text, -1) {
			n, err := strconv.ParseInt(m[2], 10, 64)
			if err != nil {
				return nil, fmt.Errorf("PROTOCOL.md: limit %s: %w", m[1], err)
			}
			p.Limits[part.prefix+m[1]] = n
		}
	}
	if len(p.Examples) == 0 || len(p.Limits) == 0 {
		return nil, errors.New("PROTOCOL.md has no examples or no limits")
	}
	return p, nil
}

// Like returns an error if a JSON text does not have the structure of an example: the same fields of
// the same types at every level, whatever the values. Each member of a list must be like a member of
// the example's list. A field whose path is in free ("result.metrics") may have any value.
func Like(got, example string, free ...string) error {
	var g, e any
	if err := json.Unmarshal([]byte(got), &g); err != nil {
		return fmt.Errorf("%w: %s", err, got)
	}
	if err := json.Unmarshal([]byte(example), &e); err != nil {
		return fmt.Errorf("example: %w: %s", err, example)
	}
	return like(g, e, "", free)
}

func like(got, example any, path string, free []string) error {
	if slices.Contains(free, path) {
		return nil
	}
	switch e := example.(type) {
	case map[string]any:
		g, ok := got.(map[string]any)
		if !ok {
			return fmt.Errorf("%s is %v, not an object", path, got)
		}
		for name := range g {
			if _, ok := e[name]; !ok {
				return fmt.Errorf("%s has a field %q, which the example has not", path, name)
			}
		}
		for name, value := range e {
			if _, ok := g[name]; !ok {
				return fmt.Errorf("%s has no field %q", path, name)
			}
			if err := like(g[name], value, strings.TrimPrefix(path+"."+name, "."), free); err != nil {
				return err
			}
		}
	case []any:
		g, ok := got.([]any)
		if !ok {
			return fmt.Errorf("%s is %v, not a list", path, got)
		}
		for _, member := range g {
			err := fmt.Errorf("%s: the example's list is empty", path)
			for _, candidate := range e {
				if err = like(member, candidate, path, free); err == nil {
					break
				}
			}
			if err != nil {
				return err
			}
		}
	default:
		if fmt.Sprintf("%T", got) != fmt.Sprintf("%T", example) {
			return fmt.Errorf("%s is %v (%T), the example's %v (%T)", path, got, got, example, example)
		}
	}
	return nil
}
