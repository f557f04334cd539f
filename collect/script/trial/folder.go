package trial

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// Bounds of a folder: of the published scripts with their tests a tenth is used.
const (
	maxFolderFiles = 4000
	maxFolderBytes = 16 << 20
	maxFileBytes   = 2 << 20
)

// A Folder has the files of a folder of scripts by name, with / between folders. It is a script.Source.
type Folder map[string]string

// MarshalJSON writes the files as base64: captured input may be no text.
func (f Folder) MarshalJSON() ([]byte, error) {
	files := make(map[string][]byte, len(f))
	for name, text := range f {
		files[name] = []byte(text)
	}
	return json.Marshal(files)
}

// UnmarshalJSON reads what MarshalJSON writes.
func (f *Folder) UnmarshalJSON(data []byte) error {
	var files map[string][]byte
	if err := json.Unmarshal(data, &files); err != nil {
		return err
	}
	*f = make(Folder, len(files))
	for name, text := range files {
		(*f)[name] = string(text)
	}
	return nil
}

// ReadFolder reads the scripts, libraries, tests and captured files below a folder: what ends in
// .lua, or only the named ones, and all of lib, data and testdata.
func ReadFolder(dir fs.FS, only ...string) (Folder, error) {
	f, total := Folder{}, 0
	err := fs.WalkDir(dir, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if name != "." && !inFolder(name) {
				return fs.SkipDir
			}
			return nil
		}
		wanted := strings.HasSuffix(name, ".lua") && (len(only) == 0 || slices.Contains(only, name))
		if !d.Type().IsRegular() || !wanted && !inFolder(name) {
			return nil
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		if info.Size() > maxFileBytes {
			return fmt.Errorf("%s: %d bytes; at most %d are read", name, info.Size(), maxFileBytes)
		}
		total += int(info.Size())
		if total > maxFolderBytes || len(f) == maxFolderFiles {
			return fmt.Errorf("more than %d files or %d bytes of scripts and captured files",
				maxFolderFiles, maxFolderBytes)
		}
		text, err := fs.ReadFile(dir, name)
		f[name] = string(text)
		return err
	})
	return f, err
}

func inFolder(name string) bool {
	first, _, _ := strings.Cut(name, "/")
	return first == "lib" || first == "data" || first == "testdata"
}

// Files returns the names of scripts and what they may require.
func (f Folder) Files() []string {
	var names []string
	for name := range f {
		if !strings.HasPrefix(name, "testdata/") && !IsTest(name) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// Read returns the text of a file.
func (f Folder) Read(name string) ([]byte, error) {
	text, ok := f[name]
	if !ok {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	return []byte(text), nil
}

// Own reports that the scripts may use all that they declare: a person started them.
func (f Folder) Own() bool { return true }

// Tests returns the names of the tests.
func (f Folder) Tests() []string {
	var names []string
	for name := range f {
		if IsTest(name) && path.Dir(name) == "." {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// IsTest reports whether a file has tests by its name.
func IsTest(name string) bool { return strings.HasSuffix(name, testSuffix) }

const testSuffix = "_test.lua"

// ScriptOf returns the name of the script that a file has the tests of.
func ScriptOf(test string) string { return strings.TrimSuffix(test, testSuffix) + ".lua" }

// TestOf returns the name of the file that has the tests of a script.
func TestOf(name string) string { return strings.TrimSuffix(name, ".lua") + testSuffix }

// IsScript reports whether a file is a script by its name.
func IsScript(name string) bool {
	return strings.HasSuffix(name, ".lua") && !strings.Contains(name, "/") && !IsTest(name)
}
