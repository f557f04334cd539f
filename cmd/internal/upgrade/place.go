package upgrade

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"virgo/cmd/internal/atomicfile"
	"virgo/cmd/internal/programs"
	"virgo/schedule/ownership"
	"virgo/spool"
)

// ErrBusy is returned while another upgrade runs.
var ErrBusy = errors.New("another upgrade is running")

// ErrNoPrevious is returned where there is no version to go back to.
var ErrNoPrevious = errors.New("there is no previous version")

const (
	versionsFolder = "versions"
	currentName    = "current"
	previousName   = "previous"
	binName        = "bin"
	lockName       = "lock"
	temporary      = ".tmp" // ends the name of what is not complete
)

// A Place is where the programs are.
type Place struct {
	// Lib has the versions.
	Lib string
	// Bin has the programs that are started; empty where that is not known.
	Bin string
	// Build is the name of the version that runs.
	Build string
	// managed means that the running program is in Lib.
	managed bool
}

// Find returns the place of the running program at exe, whose links were followed, and whose
// build has that name.
func Find(exe, build string) Place {
	bin := filepath.Dir(exe)
	if lib, ok := libOf(bin); ok {
		recorded, _ := os.ReadFile(filepath.Join(lib, binName)) // without it the links are as they have to be
		links := strings.TrimSuffix(string(recorded), "\n")
		return Place{Lib: lib, Bin: links, Build: filepath.Base(bin), managed: true}
	}
	lib := filepath.Join(bin, ".virgo")
	if bin == "/usr/local/bin" {
		lib = "/usr/local/lib/virgo"
	}
	return Place{Lib: lib, Bin: bin, Build: build}
}

// libOf returns the folder with the versions, of one of which folder is.
func libOf(folder string) (lib string, ok bool) {
	versions := filepath.Dir(folder)
	if filepath.Base(versions) != versionsFolder {
		return "", false
	}
	lib = filepath.Dir(versions)
	_, err := os.Lstat(filepath.Join(lib, currentName))
	return lib, err == nil
}

// Stable returns a path that starts the program at exe after upgrades, too.
func Stable(exe string) string {
	if lib, ok := libOf(filepath.Dir(exe)); ok {
		return filepath.Join(lib, currentName, filepath.Base(exe))
	}
	return exe
}

// version returns the folder of a version.
func (p Place) version(name string) string { return filepath.Join(p.Lib, versionsFolder, name) }

// Lock makes sure that no other upgrade runs in this place. Error: ErrBusy, and those of files.
func (p Place) Lock() (release func(), err error) {
	if err := atomicfile.MkdirAll(filepath.Join(p.Lib, versionsFolder), 0o755); err != nil {
		return nil, fmt.Errorf("making the folder of versions: %w", err)
	}
	if err := ownership.Check(p.Lib); err != nil {
		return nil, err
	}
	unlock, ok, err := spool.TryLock(filepath.Join(p.Lib, lockName))
	if err != nil {
		return nil, fmt.Errorf("locking the folder of versions: %w", err)
	}
	if !ok {
		return nil, ErrBusy
	}
	if err := p.finish(); err != nil {
		return nil, errors.Join(fmt.Errorf("finishing what was interrupted: %w", err), unlock())
	}
	return func() { _ = unlock() }, nil
}

// Add unpacks an archive and returns the folder of its version. Nothing is used of it yet.
func (p Place) Add(a *programs.Archive) (folder string, err error) {
	name := a.Manifest.Name()
	if strings.HasSuffix(name, temporary) {
		return "", fmt.Errorf("version %q ends with %s, which marks the folder of one that is half done",
			a.Manifest.Version, temporary)
	}
	folder = p.version(name)
	content := map[string][]byte{}
	for _, f := range a.Manifest.Files {
		if content[f.Name], err = a.Program(f.Name); err != nil {
			return "", err
		}
	}
	if err := p.put(name, content); err != nil {
		return "", fmt.Errorf("unpacking to %s: %w", folder, err)
	}
	for file := range content {
		if err := ownership.Check(filepath.Join(folder, file)); err != nil {
			return "", err
		}
	}
	return folder, nil
}

// put makes the folder of a version: complete, or not at all. One that is there is replaced, unless
// it is used.
func (p Place) put(name string, content map[string][]byte) error {
	folder := p.version(name)
	if current, _ := p.Current(); name == current {
		return fmt.Errorf("%s is in use", name)
	}
	tmp := folder + temporary
	if err := os.RemoveAll(tmp); err != nil {
		return err
	}
	defer os.RemoveAll(tmp)
	if err := ownership.MkdirAll(tmp, 0o755); err != nil {
		return err
	}
	for file, b := range content {
		if err := writeProgram(filepath.Join(tmp, file), b); err != nil {
			return err
		}
	}
	if err := syncFolder(tmp); err != nil {
		return err
	}
	if err := os.RemoveAll(folder); err != nil {
		return err
	}
	if err := os.Rename(tmp, folder); err != nil {
		return err
	}
	return syncFolder(filepath.Dir(folder))
}

// writeProgram writes a file that everybody may start, and syncs it.
func writeProgram(path string, b []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o755)
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	return errors.Join(err, f.Chmod(0o755), f.Sync(), f.Close()) // whatever the umask is
}

// Prune removes the versions that are neither used nor the previous one, and what was left
// half done. A version of which a program runs stays whole until the next upgrade, and the
// others go all the same.
func (p Place) Prune() error {
	current, err := p.Current()
	if err != nil {
		return err
	}
	previous, _ := p.Previous()
	entries, err := os.ReadDir(filepath.Join(p.Lib, versionsFolder))
	if err != nil {
		return err
	}
	var failed []error
	for _, e := range entries {
		if name := e.Name(); name != current && name != previous && name != p.Build {
			failed = append(failed, p.remove(name))
		}
	}
	return errors.Join(failed...)
}

// remove removes the folder of a version under another name: a version is there as a whole, or not at all.
func (p Place) remove(name string) error {
	folder := p.version(name)
	if !strings.HasSuffix(name, temporary) {
		if err := notRunning(folder); err != nil {
			return err
		}
		tmp := folder + ".old" + temporary
		if err := errors.Join(os.RemoveAll(tmp), os.Rename(folder, tmp)); err != nil {
			return err
		}
		folder = tmp
	}
	return os.RemoveAll(folder)
}

// notRunning returns an error if a program of a folder runs: systems let nobody open its file for
// writing then. Where one does, the process goes on without the file.
func notRunning(folder string) error {
	for _, name := range programs.Names(runtime.GOOS) {
		f, err := os.OpenFile(filepath.Join(folder, name), os.O_RDWR, 0)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return fmt.Errorf("%s is in use: %w", folder, err)
		}
		f.Close()
	}
	return nil
}

// Discard removes a version, unless it is used or is the way back.
func (p Place) Discard(name string) error {
	current, errCurrent := p.Current()
	previous, errPrevious := p.Previous()
	err := errors.Join(errCurrent, errPrevious)
	if err != nil || name == current || name == previous || name == p.Build {
		return err
	}
	if _, err := os.Lstat(p.version(name)); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return p.remove(name)
}
