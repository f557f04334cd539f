package main

import (
	"errors"
	"maps"
	"path"
	"slices"

	"virgo/collect/script/lint"
	"virgo/collect/script/trial"
	"virgo/schedule/scriptbundle"
)

// declareAll returns what the scripts among the files of a bundle declare, in the order of their
// names, and all reasons why they cannot be in one: mistakes that no script can work with, and
// declarations that fail. The script process evaluates them, under its limits.
func (a *app) declareAll(files map[string][]byte) (scripts []scriptbundle.Script, wrong []error) {
	folder := trial.Folder{}
	for name, text := range files {
		folder[name] = string(text)
	}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if path.Ext(name) != ".lua" {
			continue
		}
		broken := false
		for _, f := range lint.Check(name, files[name], files) {
			if f.Fatal {
				wrong, broken = append(wrong, errors.New(f.String())), true
			} else {
				a.Verbosef("%s", f)
			}
		}
		if broken || !scriptbundle.IsScript(name) {
			continue
		}
		s, err := a.declared(a.Context, folder, name)
		if err != nil {
			wrong = append(wrong, err)
			continue
		}
		scripts = append(scripts, s)
	}
	return scripts, wrong
}
