//go:build unix

package upgrade

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"

	"virgo/cmd/internal/atomicfile"
	"virgo/cmd/internal/programs"
)

// Current returns the name of the version that is used; empty before the first upgrade.
func (p Place) Current() (string, error) { return p.read(currentName) }

// Previous returns the name of the version before; empty if there is none.
func (p Place) Previous() (string, error) { return p.read(previousName) }

func (p Place) read(link string) (string, error) {
	to, err := os.Readlink(filepath.Join(p.Lib, link))
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	return filepath.Base(to), nil
}

// Switch makes a version the one that is used, and the one that was used the previous one.
func (p Place) Switch(name string) error {
	if err := p.adopt(); err != nil {
		return fmt.Errorf("keeping the version that is there: %w", err)
	}
	current, err := p.Current()
	if err != nil {
		return err
	}
	if _, err := os.Stat(p.version(name)); err != nil {
		return err
	}
	if err := p.link(previousName, current); err != nil {
		return err
	}
	return p.link(currentName, name)
}

// finish has nothing to do: all that an interrupted upgrade leaves works, and Switch goes on with it.
func (p Place) finish() error { return nil }

// adopt puts links in the place of programs that were installed without versions. It may be repeated
// after it was interrupted at any point: all that it leaves between starts the build that is there.
func (p Place) adopt() error {
	if !p.managed {
		if err := p.adoptRunning(); err != nil {
			return err
		}
	}
	if p.Bin == "" {
		return nil
	}
	for _, name := range programs.Names(runtime.GOOS) {
		path := filepath.Join(p.Bin, name)
		info, err := os.Lstat(path)
		if errors.Is(err, fs.ErrNotExist) {
			continue // a host without virgo-run stays so
		}
		if err != nil {
			return err
		}
		if info.Mode()&fs.ModeSymlink != 0 {
			continue
		}
		if err := replaceByLink(path, filepath.Join(p.Lib, currentName, name)); err != nil {
			return err
		}
	}
	return nil
}

// adoptRunning makes the programs in Bin the current version. Nothing starts that before Bin has links.
func (p Place) adoptRunning() error {
	current, err := p.Current()
	if err != nil {
		return err
	}
	if current != p.Build {
		if err := p.keepRunning(); err != nil {
			return err
		}
	}
	if err := p.link(currentName, p.Build); err != nil {
		return err
	}
	f, err := atomicfile.Create(filepath.Join(p.Lib, binName))
	if err != nil {
		return err
	}
	defer f.Discard()
	if _, err := f.WriteString(p.Bin + "\n"); err != nil {
		return err
	}
	return f.Replace()
}

// keepRunning copies the programs that are in Bin to the folder of their version.
func (p Place) keepRunning() error {
	content := map[string][]byte{}
	for _, name := range programs.Names(runtime.GOOS) {
		b, err := os.ReadFile(filepath.Join(p.Bin, name))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		content[name] = b
	}
	if filepath.Base(p.Build) != p.Build {
		return fmt.Errorf("the build %q of this program is no name of a folder", p.Build)
	}
	return p.put(p.Build, content)
}

// link lets a link lead to a version, by a rename.
func (p Place) link(link, version string) error {
	return replaceByLink(filepath.Join(p.Lib, link), filepath.Join(versionsFolder, version))
}

func replaceByLink(path, to string) error {
	tmp := path + temporary
	if err := os.Remove(tmp); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := os.Symlink(to, tmp); err != nil {
		return err
	}
	if err := os.Rename(tmp, path); err != nil {
		_ = os.Remove(tmp)
		return err
	}
	return syncFolder(filepath.Dir(path))
}

// syncFolder makes the names in a folder durable.
func syncFolder(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
