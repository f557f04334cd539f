package script

import (
	"context"
	"fmt"
	"path"
	"slices"
	"strings"

	lua "github.com/yuin/gopher-lua"

	"virgo/schedule/capability"
	"virgo/schedule/policy"
	"virgo/schedule/scriptbundle"
	"virgo/schedule/shorttext"
)

// Declare returns what the text of a file declares. It is evaluated alone, without a library of its
// own and with the given modules; [DeclareFile] evaluates a file of a source. Error: *[Error].
func Declare(name string, text []byte, l Limits, modules ...Module) (scriptbundle.Script, error) {
	return DeclareFile(Options{Limits: l, Modules: modules}, MapSource(map[string][]byte{name: text}), name)
}

// DeclareFile returns what a file of a source declares. Error: *[Error].
func DeclareFile(opt Options, s Source, name string) (scriptbundle.Script, error) {
	return newEngine(opt).declare(&program{file: name, chunks: newChunks(s)})
}

// declare evaluates a file as far as its declaration, and describes it.
func (e *engine) declare(p *program) (scriptbundle.Script, error) {
	c := &Call{Ctx: context.Background(), Limits: e.opt.Limits}
	defer c.close()
	limits := e.opt.Limits
	limits.Instructions = min(limits.Instructions, maxLoadInstructions)
	c.meter = newMeter(c.Ctx, limits, e.places, e.hung(p.file))
	c.report, c.log = &reporter{}, &logger{}
	m := newMachine(c, p, e.opt.Modules)
	if err := m.load(); err != nil {
		return scriptbundle.Script{}, loadError(err)
	}
	s, err := m.describe()
	if err != nil {
		return s, &Error{Kind: KindLoad, File: p.file, Text: truncate(err.Error())}
	}
	return s, nil
}

// loadError returns the error of a file's evaluation: whatever it was, the file cannot be loaded.
func loadError(err error) error {
	e, ok := err.(*Error)
	if !ok {
		return err
	}
	e.Kind = KindLoad
	return e
}

// load runs the file, which declares the check. The clock runs while it is compiled, too.
func (m *machine) load() error {
	m.loading = true
	defer func() { m.loading = false }()
	var results []lua.LValue
	var wrong error
	err := m.guarded(func() {
		var proto *lua.FunctionProto
		if proto, wrong = m.source.chunks.get(m.source.file); wrong == nil {
			results = m.invoke(m.l.NewFunctionFromProto(proto))
		}
	})
	if wrong != nil {
		return wrong
	}
	if err != nil {
		return err
	}
	if m.declared == nil || len(results) == 0 || results[0] != m.declared {
		return &Error{Kind: KindLoad, File: m.source.file, Text: "a script ends with: return check { ... }"}
	}
	return nil
}

// declareCheck is check.
func declareCheck(c *Call, l *lua.LState) int {
	table := l.CheckTable(1)
	if !c.machine.loading {
		return c.Raise(l, "check is for the end of a file: return check { ... }")
	}
	if c.machine.declared != nil {
		return c.Raise(l, "a file declares one check")
	}
	c.machine.declared = table
	l.Push(table)
	return 1
}

// keys are those of check { ... }.
var keys = []string{"summary", "details", "needs", "systems", "metrics", "targets", "run"}

// describe returns the declaration. The table is read without metamethods, so nothing runs.
func (m *machine) describe() (scriptbundle.Script, error) {
	t := m.declared
	s := scriptbundle.Script{File: m.source.file, Type: typeOfFile(m.source.file)}
	if err := onlyKeys(t, "check", keys); err != nil {
		return s, err
	}
	var err error
	if s.Summary, err = textField(t, "summary"); err != nil {
		return s, err
	}
	if s.Details, err = describeDetails(t.RawGetString("details")); err != nil {
		return s, err
	}
	if s.Needs, err = describeNeeds(t.RawGetString("needs")); err != nil {
		return s, err
	}
	if s.Systems, err = textList("systems", t.RawGetString("systems")); err != nil {
		return s, err
	}
	if s.KeyMetrics, err = textList("metrics", t.RawGetString("metrics")); err != nil {
		return s, err
	}
	if t.RawGetString("run").Type() != lua.LTFunction {
		return s, fmt.Errorf("check has no function run")
	}
	if v := t.RawGetString("targets"); v != lua.LNil && v.Type() != lua.LTFunction {
		return s, fmt.Errorf("targets is a %s, not a function", v.Type())
	}
	if err := s.Validate(); err != nil {
		return s, fmt.Errorf("%s", strings.TrimPrefix(err.Error(), s.File+": "))
	}
	if err := policy.CheckNeeds(s.Details, s.Needs); err != nil {
		return s, fmt.Errorf("needs: %w", err)
	}
	return s, nil
}

// typeOfFile returns the type of the check that a file declares.
func typeOfFile(name string) string {
	return scriptbundle.TypePrefix + strings.TrimSuffix(path.Base(name), ".lua")
}

// onlyKeys returns an error for a key of a table that is not known.
func onlyKeys(t *lua.LTable, what string, known []string) error {
	for k, v := t.Next(lua.LNil); k != lua.LNil; k, v = t.Next(k) {
		name, ok := k.(lua.LString)
		if !ok {
			return fmt.Errorf("%s has a %s without a name", what, v.Type())
		}
		if slices.Contains(known, string(name)) {
			continue
		}
		if near := shorttext.Nearest(string(name), known); near != "" {
			return fmt.Errorf("%s has no key %.64q; did you mean %q?", what, string(name), near)
		}
		return fmt.Errorf("%s has no key %.64q; it has %s", what, string(name), strings.Join(known, ", "))
	}
	return nil
}

// textField returns a text of a table; empty: it is absent.
func textField(t *lua.LTable, key string) (string, error) {
	switch v := t.RawGetString(key).(type) {
	case lua.LString:
		return string(v), nil
	case *lua.LNilType:
		return "", nil
	default:
		return "", fmt.Errorf("%s is a %s, not a text", key, v.Type())
	}
}

// textList returns the texts of a list, which a single text is, too.
func textList(what string, v lua.LValue) ([]string, error) {
	switch v := v.(type) {
	case *lua.LNilType:
		return nil, nil
	case lua.LString:
		return []string{string(v)}, nil
	case *lua.LTable:
		var texts []string
		n := v.Len()
		for k, item := v.Next(lua.LNil); k != lua.LNil; k, item = v.Next(k) {
			i, isNumber := k.(lua.LNumber)
			text, isText := item.(lua.LString)
			if !isNumber || !isText || int(i) != len(texts)+1 {
				return nil, fmt.Errorf("%s is not a list of texts", what)
			}
			texts = append(texts, string(text))
			if len(texts) > n {
				return nil, fmt.Errorf("%s is not a list of texts", what)
			}
		}
		return texts, nil
	default:
		return nil, fmt.Errorf("%s is a %s, not a list of texts", what, v.Type())
	}
}

func describeNeeds(v lua.LValue) (capability.Set, error) {
	t, ok := v.(*lua.LTable)
	if !ok {
		if v == lua.LNil {
			return nil, nil
		}
		return nil, fmt.Errorf("needs is a %s, not a table", v.Type())
	}
	var kinds []string
	for _, k := range capability.Kinds() {
		kinds = append(kinds, string(k))
	}
	if err := onlyKeys(t, "needs", kinds); err != nil {
		return nil, err
	}
	needs := capability.Set{}
	for _, k := range capability.Kinds() {
		patterns, err := textList("needs."+string(k), t.RawGetString(string(k)))
		if err != nil {
			return nil, err
		}
		if len(patterns) > 0 {
			needs[k] = patterns
		}
	}
	if len(needs) == 0 {
		return nil, nil
	}
	return needs, nil
}
