package script

import (
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"reflect"
	"slices"
	"strings"

	"virgo/schedule/scriptbundle"
)

// A Source has the files of scripts: a bundle or a folder.
type Source interface {
	// Files returns the names of all files, with / between folders, sorted.
	Files() []string
	// Read returns the text of a file.
	Read(name string) ([]byte, error)
	// Own reports whether the scripts are the owner's own, which may use all that they declare.
	Own() bool
}

// BundleSource returns a bundle as a source.
func BundleSource(b *scriptbundle.Bundle) Source { return bundleSource{b} }

type bundleSource struct{ bundle *scriptbundle.Bundle }

func (s bundleSource) Files() []string {
	var names []string
	for _, f := range s.bundle.Manifest.Files {
		names = append(names, f.Name)
	}
	return names
}

func (s bundleSource) Read(name string) ([]byte, error) {
	text, ok := s.bundle.File(name)
	if !ok {
		return nil, fmt.Errorf("%q: %w", name, fs.ErrNotExist)
	}
	return text, nil
}

func (s bundleSource) Own() bool { return false }

// Declared returns what the manifest says of a script.
func (s bundleSource) Declared(file string) (scriptbundle.Script, bool) {
	i := slices.IndexFunc(s.bundle.Manifest.Scripts, func(d scriptbundle.Script) bool { return d.File == file })
	if i < 0 {
		return scriptbundle.Script{}, false
	}
	return s.bundle.Manifest.Scripts[i], true
}

// sameScript reports whether two declarations are equal; an absent list and an empty one are.
func sameScript(a, b scriptbundle.Script) bool {
	if !a.Needs.Equal(b.Needs) || len(a.Details) != len(b.Details) {
		return false
	}
	for i := range a.Details {
		x, y := a.Details[i], b.Details[i]
		if !slices.Equal(x.Choices, y.Choices) {
			return false
		}
		x.Choices, y.Choices = nil, nil
		if !reflect.DeepEqual(x, y) {
			return false
		}
	}
	return a.File == b.File && a.Type == b.Type && a.Summary == b.Summary &&
		slices.Equal(a.KeyMetrics, b.KeyMetrics) && slices.Equal(a.Systems, b.Systems)
}

// MapSource returns the files of a map, by name, as a source.
func MapSource(files map[string][]byte) Source { return mapSource(files) }

type mapSource map[string][]byte

func (s mapSource) Files() []string { return slices.Sorted(maps.Keys(s)) }

func (s mapSource) Read(name string) ([]byte, error) {
	text, ok := s[name]
	if !ok {
		return nil, fmt.Errorf("%q: %w", name, fs.ErrNotExist)
	}
	return text, nil
}

func (s mapSource) Own() bool { return true }

// DirSource returns the owner's own folder of scripts as a source. check decides on a file before it
// is read, and on the folder: who else may write there may change what runs. nil: it is not asked.
func DirSource(dir string, check func(path string) error) Source {
	return &dirSource{dir: dir, check: check}
}

type dirSource struct {
	dir   string
	check func(path string) error
}

// Files lists the folder and its folder lib. What cannot be listed has no files.
func (s *dirSource) Files() []string {
	var names []string
	for _, below := range []string{"", "lib/"} {
		f, err := os.Open(filepath.Join(s.dir, below))
		if err != nil {
			continue
		}
		entries, _ := f.ReadDir(maxSourceFiles)
		f.Close()
		for _, e := range entries {
			name, ordinary := below+e.Name(), e.Type()&^fs.ModeSymlink == 0
			isLua := strings.HasSuffix(name, ".lua") && !strings.HasSuffix(name, scriptbundle.TestSuffix)
			// A script whose name is wrong is listed, so that whoever wrote it is told why it is not run.
			if ordinary && isLua && (below == "" || scriptbundle.ValidName(name) == nil) {
				names = append(names, name)
			}
		}
	}
	slices.Sort(names)
	return names
}

func (s *dirSource) Read(name string) ([]byte, error) {
	if err := scriptbundle.ValidName(name); err != nil {
		return nil, err
	}
	file := filepath.Join(s.dir, filepath.FromSlash(path.Clean(name)))
	if s.check != nil {
		if err := s.check(file); err != nil {
			return nil, err
		}
	}
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, scriptbundle.MaxScriptBytes+1))
}

func (s *dirSource) Own() bool { return true }
