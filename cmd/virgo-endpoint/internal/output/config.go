package output

import (
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"path"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"time"

	"virgo/schedule"
	"virgo/schedule/yaml"
)

// The bounds of an outputs.yaml.
const (
	MaxOutputs   = 32
	maxListItems = 64
	maxLabels    = 16
	maxTextBytes = 1024
)

// A Config is one output of outputs.yaml. Exactly one of RemoteWrite, OTLP, Influx, File and Command is set.
type Config struct {
	Name string
	// RemoteWrite, OTLP and Influx are URLs that are posted to, File is a path that JSON lines are appended to.
	RemoteWrite, OTLP, Influx, File string
	// Command is a program with its arguments, that gets JSON lines.
	Command []string
	// User and Password are sent as basic authentication, Token as a bearer's. They are functions so that no format prints them.
	User     string
	Password func() string
	Token    func() string
	// Types are globs of check types, Tags tags of which a host has one; empty: all.
	Types, Tags []string
	// Labels are added to every series of a remote write, and every point of OTLP.
	Labels [][2]string
	// LabelsFromTags are names of labels that hosts' tags make.
	LabelsFromTags []string
	// FromOldest begins with the oldest result that is kept, not with the newest.
	FromOldest bool
	// From leaves out what arrived before.
	From time.Time
}

// Kind names the place: remote_write, otlp, influx, json or json_command.
func (c *Config) Kind() string {
	switch {
	case c.RemoteWrite != "":
		return "remote_write"
	case c.OTLP != "":
		return "otlp"
	case c.Influx != "":
		return "influx"
	case c.File != "":
		return "json"
	}
	return "json_command"
}

// Same reports whether two outputs do the same, with the same secrets.
func (c Config) Same(o Config) bool {
	reveal := func(secret func() string) string {
		if secret == nil {
			return ""
		}
		return secret()
	}
	if reveal(c.Password) != reveal(o.Password) || reveal(c.Token) != reveal(o.Token) {
		return false
	}
	c.Password, c.Token, o.Password, o.Token = nil, nil, nil, nil // functions cannot be compared
	return reflect.DeepEqual(c, o)
}

// A Reader is how outputs.yaml is read.
type Reader struct {
	Parse yaml.Parser
	// Read returns a file that only its owner may change; one that is not there wraps fs.ErrNotExist.
	Read func(path string) ([]byte, error)
	// Secret returns what file:PATH or env:NAME refers to.
	Secret func(ref string) (string, error)
}

// Load reads an outputs.yaml. A mistake costs its output alone. The list is nil where none of the file can be used: one that somebody
// else may have written, or no YAML; without a file it is empty.
func (r Reader) Load(file string) ([]Config, []schedule.Problem) {
	data, err := r.Read(file)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return []Config{}, nil
	case err != nil:
		return nil, []schedule.Problem{{Err: err}}
	}
	root, err := r.Parse(file, data)
	if err != nil {
		return nil, []schedule.Problem{{Err: err}}
	}
	p := parser{file: file, reader: r}
	return p.outputs(root), p.problems
}

type parser struct {
	file     string
	reader   Reader
	problems []schedule.Problem
}

func (p *parser) mistake(line int, help, text string, args ...any) {
	p.problems = append(p.problems, schedule.Problem{Err: &yaml.Error{File: p.file, Line: line, Text: fmt.Sprintf(text, args...), Help: help}})
}

var validName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$`)

func (p *parser) outputs(root yaml.Node) []Config {
	const help = "outputs: {prom: {remote_write: http://127.0.0.1:9090/api/v1/write}}"
	list := []Config{}
	if root.Kind == yaml.Null {
		return list
	}
	if root.Kind != yaml.Map {
		p.mistake(root.Line, help, "the file is no mapping")
		return nil
	}
	for _, f := range root.Fields {
		if f.Key != "outputs" {
			p.problems = append(p.problems, schedule.Problem{Err: yaml.UnknownKey(p.file, f, []string{"outputs"})})
			continue
		}
		if f.Value.Kind != yaml.Map || len(f.Value.Fields) > MaxOutputs {
			p.mistake(f.Line, help, "outputs is no mapping of at most %d names", MaxOutputs)
			continue
		}
		for _, one := range f.Value.Fields {
			before := len(p.problems)
			if c := p.output(one); len(p.problems) == before {
				list = append(list, c)
			}
		}
	}
	return list
}

var outputKeys = []string{"remote_write", "otlp", "influx", "json", "json_command", "user", "password", "token", "types", "tags", "labels",
	"labels_from_tags", "from"}

func (p *parser) output(f yaml.Field) Config {
	c := Config{Name: f.Key}
	if !validName.MatchString(f.Key) {
		p.mistake(f.Line, "", "a name of an output has letters, digits, - _ . alone, at most 64")
	}
	ways := 0
	for _, one := range f.Value.Fields {
		switch one.Key {
		case "remote_write":
			c.RemoteWrite, ways = p.url(one), ways+1
		case "otlp":
			c.OTLP, ways = p.url(one), ways+1
		case "influx":
			c.Influx, ways = p.url(one), ways+1
		case "json":
			c.File, ways = one.Value.Text, ways+1
			if !filepath.IsAbs(c.File) {
				p.mistake(one.Line, "json: /var/log/virgo/results.jsonl", "json is no full path")
			}
		case "json_command":
			c.Command, ways = p.texts(one), ways+1
			if len(c.Command) == 0 || !filepath.IsAbs(c.Command[0]) {
				p.mistake(one.Line, "json_command: [/etc/virgo/results.sh, …]; there is no shell", "json_command does not begin with the full path of a program")
			}
		case "user":
			c.User = p.text(one)
		case "password":
			c.Password = p.secret(one)
		case "token":
			c.Token = p.secret(one)
		case "types":
			c.Types = p.texts(one)
			for _, g := range c.Types {
				if _, err := path.Match(g, ""); err != nil {
					p.mistake(one.Line, "agent.*", "types: a pattern is invalid")
				}
			}
		case "tags":
			c.Tags = p.texts(one)
		case "labels":
			c.Labels = p.labels(one)
		case "labels_from_tags":
			c.LabelsFromTags = p.texts(one)
			for _, name := range c.LabelsFromTags {
				if !validLabel.MatchString(name) || strings.HasPrefix(name, "__") {
					p.mistake(one.Line, "labels_from_tags: [site] makes site=\"berlin\" of the tag site:berlin", "labels_from_tags has an invalid name of a label")
				}
			}
		case "from":
			c.FromOldest, c.From = p.from(one)
		default:
			p.problems = append(p.problems, schedule.Problem{Err: yaml.UnknownKey(p.file, one, outputKeys)})
		}
	}
	switch {
	case ways != 1:
		p.mistake(f.Line, "remote_write: URL, otlp: URL, influx: URL, json: FILE or json_command: [PROGRAM]", "an output goes to exactly one place")
	case (c.User != "") != (c.Password != nil), c.Token != nil && c.User != "":
		p.mistake(f.Line, "", "give user and password, or token")
	}
	return c
}

// from is where an output begins.
func (p *parser) from(f yaml.Field) (oldest bool, since time.Time) {
	switch f.Value.Text {
	case "now":
		return false, time.Time{}
	case "all":
		return true, time.Time{}
	}
	for _, form := range []string{time.DateOnly, time.RFC3339} {
		if at, err := time.ParseInLocation(form, f.Value.Text, time.Local); err == nil {
			return true, at
		}
	}
	p.mistake(f.Line, "from: now, all, 2026-11-29 or 2026-11-29T14:20:00+01:00", "from is neither now, all nor a date")
	return false, time.Time{}
}

func (p *parser) url(f yaml.Field) string {
	u, err := url.Parse(f.Value.Text)
	secret := false
	if err == nil {
		_, secret = u.User.Password()
	}
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || secret {
		p.mistake(f.Line, f.Key+": http://127.0.0.1:9090/api/v1/write; passwords: user and password", "%s is no http or https URL without a password", f.Key)
		return ""
	}
	return f.Value.Text
}

func (p *parser) secret(f yaml.Field) func() string {
	kind, rest, _ := strings.Cut(f.Value.Text, ":")
	if f.Value.Kind != yaml.Text || rest == "" || kind != "file" && kind != "env" {
		p.mistake(f.Line, "file:/etc/virgo/NAME.secret, mode 600, or env:NAME", "%s is no reference to a secret", f.Key)
		return nil
	}
	value, err := p.reader.Secret(f.Value.Text)
	if err != nil {
		p.mistake(f.Line, "", "%s: %v", f.Key, err)
	}
	return func() string { return value }
}

func (p *parser) text(f yaml.Field) string {
	if f.Value.Text == "" || len(f.Value.Text) > maxTextBytes {
		p.mistake(f.Line, "", "%s is no text of 1 to %d bytes", f.Key, maxTextBytes)
	}
	return f.Value.Text
}

func (p *parser) texts(f yaml.Field) []string {
	items := []yaml.Node{f.Value}
	if f.Value.Kind == yaml.List {
		items = f.Value.Items
	}
	var list []string
	for _, i := range items {
		if i.Text == "" || len(i.Text) > maxTextBytes || len(items) > maxListItems {
			p.mistake(f.Line, "", "%s is no list of texts", f.Key)
			return nil
		}
		list = append(list, i.Text)
	}
	return list
}

var validLabel = regexp.MustCompile(`^[a-zA-Z_][a-zA-Z0-9_]*$`)

func (p *parser) labels(f yaml.Field) [][2]string {
	var list [][2]string
	for _, l := range f.Value.Fields {
		if !validLabel.MatchString(l.Key) || strings.HasPrefix(l.Key, "__") || l.Value.Text == "" || len(list) == maxLabels {
			p.mistake(l.Line, "labels: {site: berlin}", "labels has an invalid one")
			continue
		}
		list = append(list, [2]string{l.Key, l.Value.Text})
	}
	return list
}
