package schedule

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"virgo/schedule/strictyaml"
)

// fileSuffix ends the names of the files that LoadDir reads.
const fileSuffix = ".yaml"

// maxFiles bounds what LoadDir reads; there is no check without a file, so it is MaxChecks.
const maxFiles = MaxChecks

// LoadDir reads the local checks: every *.yaml in dir, in the order of their names, as ParseYAML does.
// A folder that does not exist is an empty schedule; hidden files and folders are passed over. An id that
// two files share is an error, and so is a file named *.yml, which would otherwise be switched off in
// silence. Errors: *strictyaml.Error for what is in a file, else of package os.
func LoadDir(dir string) (Schedule, error) {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return Schedule{}, nil
	}
	if err != nil {
		return Schedule{}, fmt.Errorf("reading the local checks: %w", err)
	}
	var s Schedule
	var where map[string]string // check id → file:line
	files := 0
	for _, e := range entries {
		name := e.Name()
		if e.IsDir() || strings.HasPrefix(name, ".") {
			continue
		}
		path := filepath.Join(dir, name)
		if strings.HasSuffix(name, ".yml") {
			return Schedule{}, &strictyaml.Error{
				File: path, Text: "only files named *.yaml are read",
				Help: "rename it to " + strconv.Quote(strings.TrimSuffix(name, ".yml")+fileSuffix),
			}
		}
		if !strings.HasSuffix(name, fileSuffix) {
			continue
		}
		if files++; files > maxFiles {
			return Schedule{}, inFile(dir, 0, fmt.Errorf("%w: at most %d files are taken", ErrTooMany, maxFiles))
		}
		checks, lines, err := loadFile(path)
		if err != nil {
			return Schedule{}, err
		}
		if where == nil {
			where = make(map[string]string)
		}
		for i, c := range checks {
			if first, double := where[c.ID]; double {
				return Schedule{}, inFile(path, lines[i], fmt.Errorf("check %q: %w, first in %s", c.ID, ErrDouble, first))
			}
			where[c.ID] = path + ":" + strconv.Itoa(lines[i])
		}
		if s.Checks = append(s.Checks, checks...); len(s.Checks) > MaxChecks {
			return Schedule{}, inFile(path, 0, fmt.Errorf("%w: at most %d are taken", ErrTooMany, MaxChecks))
		}
	}
	return s, nil
}

// LoadFile reads one file as ParseYAML does.
func LoadFile(path string) ([]Check, error) {
	checks, _, err := loadFile(path)
	return checks, err
}

func loadFile(path string) ([]Check, []int, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, nil, fmt.Errorf("reading checks: %w", err)
	}
	// A pipe or a device would keep the run waiting.
	if !info.Mode().IsRegular() {
		return nil, nil, &strictyaml.Error{File: path, Text: "not a regular file"}
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, nil, fmt.Errorf("reading checks: %w", err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, strictyaml.MaxBytes+1))
	if err != nil {
		return nil, nil, fmt.Errorf("reading checks from %q: %w", path, err)
	}
	return parseYAML(path, data)
}
