package script

import (
	"fmt"
	"slices"

	"virgo/schedule/scriptbundle"
)

// A Listed is a script of a source.
type Listed struct {
	File, Type string
	Own        bool // the source is the owner's own
}

// List returns the scripts of all sources, by type, and evaluates none.
func List(opt Options) []Listed {
	var all []Listed
	for _, p := range newEngine(opt).programs() {
		all = append(all, Listed{File: p.file, Type: typeOfFile(p.file), Own: p.chunks.source.Own()})
	}
	return all
}

// Load evaluates the script of a type as far as its declaration, which it returns. Error: why
// its checks cannot run.
func Load(opt Options, typ string) (scriptbundle.Script, error) {
	e := newEngine(opt)
	programs := e.programs()
	i := slices.IndexFunc(programs, func(p *program) bool { return typeOfFile(p.file) == typ })
	if i < 0 {
		return scriptbundle.Script{}, fmt.Errorf("there is no script of the type %.64q", typ)
	}
	loaded, err := e.load(programs[i])
	if err != nil {
		return scriptbundle.Script{}, err
	}
	return loaded.script, nil
}
