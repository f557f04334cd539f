package folder

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"virgo/schedule"
)

// ErrBadFileName is returned for a name that no file of a FileSet can have.
var ErrBadFileName = errors.New("no file can have this name")

// A FileSet is a folder with YAML files that are replaced whole: schedules, rules of alarms. The names have no ending.
// Whoever changes files by it has a lock: between reading a file and writing it nobody else may.
type FileSet struct{ dir string }

// ScheduleFiles are the schedules: "default", and those of agents by their ids.
func (d Dir) ScheduleFiles() FileSet { return FileSet{d.SchedulesDir()} }

// RuleFiles are the rules of alarms.
func (d Dir) RuleFiles() FileSet { return FileSet{d.AlarmsDir()} }

// Names returns the names of all files, sorted.
func (s FileSet) Names() ([]string, error) {
	entries, err := os.ReadDir(s.dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	var names []string
	for _, e := range entries {
		if name, ok := strings.CutSuffix(e.Name(), scheduleSuffix); ok && s.check(name) == nil {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names, nil
}

// Read returns a file. Errors: fs.ErrNotExist, ErrBadFileName.
func (s FileSet) Read(name string) ([]byte, error) {
	path, err := s.path(name)
	if err != nil {
		return nil, err
	}
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	data, err := readBounded(path, info)
	if err != nil {
		return nil, fmt.Errorf("%s%s cannot be read: %w", name, scheduleSuffix, err)
	}
	return data, nil
}

// Write makes or replaces a file. A reader sees the whole old or the whole new one. Error: ErrBadFileName.
func (s FileSet) Write(name string, data []byte) error {
	path, err := s.path(name)
	if err != nil {
		return err
	}
	if err := MakeOwned(s.dir); err != nil {
		return err
	}
	return WriteFile(path, data, publicMode)
}

// MakeOwned makes a folder, unless it is there, that belongs to the owner of the one around it.
func MakeOwned(dir string) error {
	err := os.Mkdir(dir, folderMode)
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	if err != nil {
		return err
	}
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer f.Close()
	return giveToOwner(f, filepath.Dir(dir))
}

// Remove deletes a file. Errors: fs.ErrNotExist, ErrBadFileName.
func (s FileSet) Remove(name string) error {
	path, err := s.path(name)
	if err != nil {
		return err
	}
	if err := os.Remove(path); err != nil {
		return err
	}
	return syncFolder(s.dir)
}

// path returns the path of a file. Where upper and lower case are the same file, a name that another file has in other
// letters is refused: it would be replaced by one that no agent reads.
func (s FileSet) path(name string) (string, error) {
	if err := s.check(name); err != nil {
		return "", err
	}
	path := filepath.Join(s.dir, name+scheduleSuffix)
	if !exists(path) {
		return path, nil
	}
	entries, err := os.ReadDir(s.dir)
	if err != nil {
		return "", err
	}
	if !slices.ContainsFunc(entries, func(e fs.DirEntry) bool { return e.Name() == name+scheduleSuffix }) {
		return "", fmt.Errorf("%w: there is one that differs in upper and lower case alone", ErrBadFileName)
	}
	return path, nil
}

// check returns an error for a name that leads out of the folder, or that is a device on Windows.
func (s FileSet) check(name string) error {
	if !plainName(name) || !filepath.IsLocal(name+scheduleSuffix) || len(name)+len(scheduleSuffix) > maxNameBytes-1 {
		return fmt.Errorf("%w: a name has 1 to %d letters, digits and -_. and does not begin with a dot", ErrBadFileName,
			maxNameBytes-1-len(scheduleSuffix))
	}
	return nil
}

// CheckBytes returns the mistakes in a schedule that is to become the file name. The error is that of a file none of
// whose checks can run.
func CheckBytes(name string, data []byte) ([]schedule.Problem, error) {
	if len(data) > MaxScheduleBytes {
		return nil, fmt.Errorf("%s: larger than %d bytes", name, MaxScheduleBytes)
	}
	_, mistakes, err := parseSchedule(name, data)
	return mistakes, err
}
