package schedule

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"virgo/schedule/ownership"
	"virgo/schedule/yaml"
)

// fileSuffix ends the names of the files that LoadDir reads.
const fileSuffix = ".yaml"

// maxFiles bounds the files that LoadDir reads: with one check each they are MaxChecks checks.
const maxFiles = MaxChecks

// LoadDir reads the local checks: every *.yaml in dir with ParseYAML, sorted by name. If dir does
// not exist, the schedule is empty; hidden files and folders are skipped. It is a mistake if two files
// have the same id, or if a file is named *.yml, because it would otherwise be ignored silently. A file
// or folder that others may have changed (package ownership) is not read, and that is a mistake, too.
// Mistakes are treated as in [ParseYAML], which also describes the error.
func LoadDir(dir string, parse yaml.Parser) (Schedule, []Problem, error) {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return Schedule{}, nil, nil
	}
	r := fileReader{parse: parse}
	if err == nil {
		if err = ownership.Check(dir); err != nil {
			entries = nil
		}
	}
	if err != nil {
		r.report("", unreadable(dir, err))
	}
	var misnamed []string // last, so that the checks of other files get the ids
	files := 0
	for _, e := range entries {
		name := e.Name()
		if e.IsDir() || strings.HasPrefix(name, ".") {
			continue
		}
		if strings.HasSuffix(name, ".yml") {
			misnamed = append(misnamed, name)
			continue
		}
		if !strings.HasSuffix(name, fileSuffix) {
			continue
		}
		if files++; files > maxFiles {
			r.report("", tooMany(dir, "files"))
			break
		}
		if err := r.load(filepath.Join(dir, name), ""); err != nil {
			return Schedule{}, nil, err
		}
	}
	for _, name := range misnamed[:min(len(misnamed), maxFiles)] {
		unusable := "only files named *.yaml are read; rename it to " + strconv.Quote(strings.TrimSuffix(name, ".yml")+fileSuffix)
		if err := r.load(filepath.Join(dir, name), unusable); err != nil {
			return Schedule{}, nil, err
		}
	}
	s, problems := r.end()
	return s, problems, nil
}

// unreadable returns the mistake that a file or folder cannot be read, or must not be.
func unreadable(path string, err error) error {
	var fault *ownership.Fault
	if errors.As(err, &fault) {
		which := "it"
		if fault.Path != path {
			which = fault.Path
		}
		return &yaml.Error{File: path, Text: "is not used: " + which + " " + fault.Why, Help: fault.Fix, Err: err}
	}
	var inPath *fs.PathError // whose text has the path again
	if errors.As(err, &inPath) {
		err = inPath.Err
	}
	return &yaml.Error{File: path, Text: "cannot be read: " + err.Error(), Err: err}
}

// LoadFiles reads files with checks as [LoadDir] does, whatever their names are.
func LoadFiles(paths []string, parse yaml.Parser) (Schedule, []Problem, error) {
	r := fileReader{parse: parse}
	for _, path := range paths {
		data, err := ReadFile(path)
		if err != nil {
			r.report("", unreadable(path, err))
		} else if err := r.file(path, data, ""); err != nil {
			return Schedule{}, nil, err
		}
	}
	s, problems := r.end()
	return s, problems, nil
}

// load adds the checks of a file.
func (r *fileReader) load(path, unusable string) error {
	err := ownership.CheckIn(filepath.Split(path))
	var data []byte
	if err == nil {
		data, err = ReadFile(path)
	}
	if err != nil {
		if _, err := os.Lstat(path); errors.Is(err, fs.ErrNotExist) {
			return nil // it was deleted after the folder was read
		}
		r.report("", unreadable(path, err))
		return nil
	}
	return r.file(path, data, unusable)
}

// ReadFile reads a regular file with checks, up to a byte more than yaml.MaxBytes. Errors: those of
// package os.
func ReadFile(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	// Opening a pipe or a device could block.
	if !info.Mode().IsRegular() {
		return nil, errors.New("not a regular file")
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, yaml.MaxBytes+1))
}
