package upgrade

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"virgo/cmd/internal/atomicfile"
	"virgo/cmd/internal/programs"
)

// journalName is the file that says which switch is under way: "FROM TO". Windows has no links for
// everybody, but lets a running program be renamed: so the programs in Bin are files, and a switch
// is two renames for each.
const journalName = "switching"

// Current returns the name of the version that is used; empty before the first upgrade.
func (p Place) Current() (string, error) { return p.read(currentName) }

// Previous returns the name of the version before; empty if there is none.
func (p Place) Previous() (string, error) { return p.read(previousName) }

func (p Place) read(name string) (string, error) {
	b, err := os.ReadFile(filepath.Join(p.Lib, name))
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	return strings.TrimSpace(string(b)), err
}

func (p Place) write(name, text string) error {
	f, err := atomicfile.Create(filepath.Join(p.Lib, name))
	if err != nil {
		return err
	}
	defer f.Discard()
	if _, err := f.WriteString(text + "\n"); err != nil {
		return err
	}
	return f.Replace()
}

// Switch makes a version the one that is used, and the one that was used the previous one.
func (p Place) Switch(name string) error {
	from, err := p.Current()
	if err != nil {
		return err
	}
	if from == "" || p.Build != from {
		from = p.Build
	}
	if _, err := os.Stat(p.version(name)); err != nil {
		return err
	}
	if err := p.write(journalName, from+" "+name); err != nil {
		return err
	}
	return p.finish()
}

// finish goes on with the switch that the journal tells of.
func (p Place) finish() error {
	journal, err := p.read(journalName)
	if err != nil || journal == "" {
		return err
	}
	from, to, _ := strings.Cut(journal, " ")
	for _, program := range programs.Names("windows") {
		if err := p.exchange(program, from, to); err != nil {
			return fmt.Errorf("%s: %w", program, err)
		}
	}
	if err := p.write(previousName, from); err != nil {
		return err
	}
	if err := p.write(currentName, to); err != nil {
		return err
	}
	return atomicfile.Remove(filepath.Join(p.Lib, journalName))
}

// exchange puts the program of a version in the place of that in Bin, which moves to the
// folder of its version.
func (p Place) exchange(program, from, to string) error {
	path := filepath.Join(p.Bin, program)
	wanted, err := os.ReadFile(filepath.Join(p.version(to), program))
	if err != nil {
		return err
	}
	there, err := os.ReadFile(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return err
	case bytes.Equal(there, wanted):
		return nil
	}
	tmp := path + temporary
	if err := os.Remove(tmp); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := writeProgram(tmp, wanted); err != nil {
		return err
	}
	if there != nil {
		if err := p.setAside(path, program, from); err != nil {
			return err
		}
	}
	return os.Rename(tmp, path)
}

// setAside moves a program out of Bin: to the folder of its version, or, where that has it, to a
// folder that Prune removes once it does not run any more.
func (p Place) setAside(path, program, version string) error {
	folder := p.version(version)
	if _, err := os.Stat(filepath.Join(folder, program)); err == nil {
		for n := 1; ; n++ {
			folder = fmt.Sprintf("%s.%d%s", p.version(version), n, temporary)
			if _, err := os.Stat(filepath.Join(folder, program)); errors.Is(err, fs.ErrNotExist) {
				break
			}
		}
	}
	if err := atomicfile.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	return os.Rename(path, filepath.Join(folder, program))
}

// syncFolder does nothing: NTFS journals names.
func syncFolder(string) error { return nil }
