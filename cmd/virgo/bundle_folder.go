package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"virgo/schedule/scriptbundle"
)

// bundleJSON is the file of a folder that says what its bundle is called.
const bundleJSON = "bundle.json"

const (
	maxBundleJSON = 4 << 10
	// maxLeftOut bounds how many files of a folder are looked at that do not belong into a bundle.
	maxLeftOut = 10000
)

// A bundleFolder is what is read from folders of scripts.
type bundleFolder struct {
	Name, Version, Agent string
	files                map[string][]byte
	from                 map[string]string // which folder a file is from
	leftOut              []string
	bytes                int
}

// read adds a folder. The first one that has a bundle.json names the bundle.
func (f *bundleFolder) read(dir string) error {
	root, err := os.OpenRoot(dir) // no link leads out of the folder
	if err != nil {
		return err
	}
	defer root.Close()
	if err := f.readNames(root); err != nil {
		return fmt.Errorf("%q: %w", filepath.Join(dir, bundleJSON), err)
	}
	return fs.WalkDir(root.FS(), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || name == "." {
			return err
		}
		if d.IsDir() {
			if !slices.Contains([]string{"lib", "doc", "data"}, name) {
				f.leftOut = append(f.leftOut, filepath.Join(dir, name)+"/")
				return fs.SkipDir
			}
			return nil
		}
		if name == bundleJSON {
			return nil
		}
		if leftOut(name) {
			if f.leftOut = append(f.leftOut, filepath.Join(dir, name)); len(f.leftOut) > maxLeftOut {
				return fmt.Errorf("%q has more than %d files that belong into no bundle", dir, maxLeftOut)
			}
			return nil
		}
		if err := f.add(root, dir, name, d); err != nil {
			return fmt.Errorf("%q: %w", filepath.Join(dir, name), err)
		}
		return nil
	})
}

// leftOut reports whether a file is beside the scripts: their tests, hidden files, and what is in
// no folder of a bundle and no script.
func leftOut(name string) bool {
	base := path.Base(name)
	return strings.HasSuffix(base, scriptbundle.TestSuffix) || strings.HasPrefix(base, ".") ||
		!strings.Contains(name, "/") && path.Ext(name) != ".lua"
}

// readNames reads bundle.json, if there is one and none was before.
func (f *bundleFolder) readNames(root *os.Root) error {
	in, err := root.Open(bundleJSON)
	if errors.Is(err, fs.ErrNotExist) || f.Name != "" {
		return nil
	}
	if err != nil {
		return err
	}
	defer in.Close()
	b, err := io.ReadAll(io.LimitReader(in, maxBundleJSON+1))
	if err != nil {
		return err
	}
	if len(b) > maxBundleJSON {
		return fmt.Errorf("more than %d bytes", maxBundleJSON)
	}
	var names struct {
		Name    string `json:"name"`
		Version string `json:"version"`
		Agent   string `json:"agent"`
	}
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&names); err != nil {
		return fmt.Errorf("want {\"name\": …, \"version\": …, \"agent\": …}: %w", err)
	}
	f.Name, f.Version, f.Agent = names.Name, names.Version, names.Agent
	return nil
}

// add adds a file, which must be one that a bundle may have.
func (f *bundleFolder) add(root *os.Root, dir, name string, d fs.DirEntry) error {
	if !d.Type().IsRegular() {
		return errors.New("it is a link or no file; bundles have files only")
	}
	if err := scriptbundle.ValidName(name); err != nil {
		return err
	}
	if first, ok := f.from[name]; ok {
		return fmt.Errorf("%q has a file of this name, too", first)
	}
	if len(f.files) == scriptbundle.MaxEntries {
		return fmt.Errorf("more than %d files", scriptbundle.MaxEntries)
	}
	in, err := root.Open(name)
	if err != nil {
		return err
	}
	defer in.Close()
	text, err := io.ReadAll(io.LimitReader(in, scriptbundle.MaxScriptBytes+1))
	if err != nil {
		return err
	}
	if len(text) > scriptbundle.MaxScriptBytes {
		return fmt.Errorf("more than %d bytes", scriptbundle.MaxScriptBytes)
	}
	if f.bytes += len(text); f.bytes > scriptbundle.MaxBundleBytes {
		return fmt.Errorf("with it the bundle has more than %d bytes", scriptbundle.MaxBundleBytes)
	}
	if f.files == nil {
		f.files, f.from = map[string][]byte{}, map[string]string{}
	}
	f.files[name], f.from[name] = text, dir
	return nil
}
