package policy

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"virgo/schedule/capability"
	"virgo/schedule/yaml"
)

// scriptKey is the key of a grant that names scripts.
const scriptKey = "script"

// grantExample is the next step for a mistake in a grant.
const grantExample = "for example {script: script.containers, unix: [/run/docker.sock]}"

// ParseGrants parses the value of scripts in virgo.yaml: a grant or a list of grants. file is its name.
// Error: *[yaml.Error], of the first mistake.
func ParseGrants(file string, n yaml.Node) (Grants, error) {
	p := parser{file}
	items := []yaml.Node{n}
	switch n.Kind {
	case yaml.List:
		items = n.Items
	case yaml.Null:
		return Grants{}, p.mistake(n, "scripts: expected a list of grants, found nothing",
			"[] grants nothing, figures is the default")
	}
	if len(items) > maxRules {
		return Grants{}, p.mistake(n, fmt.Sprintf("scripts: more than %d grants", maxRules), "")
	}
	all := Grants{Rules: make([]Grant, 0, len(items))}
	for _, item := range items {
		g, err := p.grant(item)
		if err != nil {
			return Grants{}, err
		}
		all.Rules = append(all.Rules, g)
	}
	return all, nil
}

func (p parser) grant(n yaml.Node) (Grant, error) {
	g := Grant{Row: n.Line}
	switch {
	case n.Kind == yaml.Text && (Keyword(n.Text) == Figures || Keyword(n.Text) == Declared):
		g.Keyword = Keyword(n.Text)
		return g, nil
	case n.Kind == yaml.Text:
		text := fmt.Sprintf("scripts: %.64q is no grant; use figures, declared or what a script may use", n.Text)
		return g, p.mistake(n, text, grantExample)
	case n.Kind != yaml.Map:
		text := "scripts: expected figures, declared or what a script may use, found " + n.Kind.String()
		return g, p.mistake(n, text, grantExample)
	}
	for _, f := range n.Fields {
		if err := p.grantLine(&g, f); err != nil {
			return g, err
		}
	}
	switch {
	case len(g.Script) == 0:
		return g, p.mistake(n, "scripts: a grant names no script", grantExample)
	case len(g.Lines) == 0 && !g.Deny:
		return g, p.mistake(n, "scripts: a grant lets its scripts use nothing", grantExample)
	}
	return g, nil
}

func (p parser) grantLine(g *Grant, f yaml.Field) (err error) {
	switch f.Key {
	case scriptKey:
		g.Script, _, err = p.patterns(f.Key, f.Value, false)
		return err
	case denyKey:
		g.Deny, err = p.truth(f)
		return err
	}
	kind := capability.Kind(f.Key)
	if !slices.Contains(capability.Kinds(), kind) {
		known := []string{scriptKey, denyKey}
		for _, k := range capability.Kinds() {
			known = append(known, string(k))
		}
		return yaml.UnknownKey(p.file, f, known)
	}
	l := Line{Name: f.Key}
	if l.Patterns, _, err = p.patterns(f.Key, f.Value, false); err != nil {
		return err
	}
	for _, pattern := range l.Patterns {
		if text := wrongForm(kind, pattern, g.Deny); text != "" {
			return p.mistake(f.Value, fmt.Sprintf("%s: %.64q %s", f.Key, pattern.text, text), "")
		}
	}
	g.Lines = append(g.Lines, l)
	return nil
}

// wrongForm returns why no value of the kind can match a pattern; empty if one can. It is the
// same on every system.
func wrongForm(kind capability.Kind, p Pattern, deny bool) string {
	if p.kind != glob {
		return ""
	}
	switch kind {
	case capability.Files:
		if !isAbsolutePattern(p.text) {
			return "is not an absolute path"
		}
	case capability.Unix:
		if strings.IndexByte(p.text, '*') >= 0 && !deny {
			return "has a *: the path of a socket is spelled out"
		}
		if !isAbsolutePattern(p.text) && !strings.HasPrefix(p.text, "@") {
			return "is not an absolute path"
		}
	case capability.Programs:
		bare, _ := strings.CutPrefix(p.text, "sudo ")
		if bare == "" || strings.ContainsAny(bare, `/\: `) {
			return "is no name of a program"
		}
	case capability.TCP, capability.UDP:
		if _, port, ok := cutPort(p.text); !ok || !isPortPattern(port) {
			return "is not HOST:PORT"
		}
	case capability.HTTP:
		want, ok := splitURLPattern(p.text)
		switch {
		case !ok || want.hasPort && !isPortPattern(want.port):
			return "is not a URL"
		case want.socket != "":
			return "is a socket: it is for unix"
		}
	}
	return ""
}

// isAbsolutePattern reports whether a glob can match an absolute path of some system.
func isAbsolutePattern(text string) bool {
	drive := len(text) > 2 && text[1] == ':' && (text[2] == '/' || text[2] == '\\')
	return drive || strings.HasPrefix(text, "/") || strings.HasPrefix(text, `\\`) || strings.HasPrefix(text, "**")
}

// isPortPattern reports whether a pattern can match a port.
func isPortPattern(text string) bool {
	p, err := ParsePattern(text)
	if err != nil || p.kind == expression {
		return false
	}
	if p.isLiteral() {
		n, err := strconv.ParseUint(text, 10, 16)
		return err == nil && n > 0
	}
	return true
}

// cutPort cuts the port from HOST:PORT; the host may be in brackets.
func cutPort(text string) (host, port string, ok bool) {
	at := strings.LastIndexByte(text, ':')
	if at < 1 || at == len(text)-1 || strings.IndexByte(text[at:], ']') >= 0 {
		return "", "", false
	}
	return text[:at], text[at+1:], true
}
