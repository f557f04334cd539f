package agent

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"virgo/schedule/shorttext"
)

// SiblingPath returns the path of the virgo beside this program, for [Program.WorkerPath]. Which build
// it is, the worker says itself. Its errors are the status of the checks.
func SiblingPath() (string, error) {
	f, err := openSibling()
	if err != nil {
		return "", fmt.Errorf("virgo-run leaves this to virgo, which cannot be started: %w", err)
	}
	return f.Name(), f.Close()
}

// openSibling opens the virgo beside this program: in its folder, or in the folder of the file that a
// symbolic link to this program leads to. Its errors have a hint.
func openSibling() (*os.File, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("finding the folder of this program: %w", err)
	}
	folders := []string{filepath.Dir(self)}
	if real, err := filepath.EvalSymlinks(self); err == nil && filepath.Dir(real) != folders[0] {
		folders = append(folders, filepath.Dir(real))
	}
	for _, folder := range folders {
		path := filepath.Join(folder, siblingName)
		if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
			return openTrusted(self, path)
		}
	}
	return nil, WithHint(
		fmt.Errorf("the program %s is not in %q", siblingName, folders[0]),
		"install "+siblingName+" beside virgo-run; without it, virgo-run runs the checks of this host and plugins, "+
			"and reads plain YAML",
	)
}

// openTrusted opens the program at path if nobody can have written it who could not have written
// this program, at self, too.
func openTrusted(self, path string) (*os.File, error) {
	// Before it is opened: opening a pipe waits for a writer.
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, WithHint(fmt.Errorf("%s is a symbolic link to a file that does not exist", path), "install it beside virgo-run")
	case err != nil:
		return nil, fmt.Errorf("finding the program: %w", err)
	case !info.Mode().IsRegular():
		return nil, WithHint(fmt.Errorf("%s is not a regular file", path), "install the program there")
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, WithHint(fmt.Errorf("reading the program: %w", err), "chmod a+rx "+shorttext.QuoteShell(path))
	}
	if info, err = f.Stat(); err == nil {
		err = checkAccess(self, path, info)
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// checkBuild checks that a program is of this build. Its errors have a hint.
func checkBuild(f *os.File) error {
	same, err := contains(f, build)
	if err != nil {
		return fmt.Errorf("reading the program: %w", err)
	}
	if !same {
		return WithHint(
			fmt.Errorf("%s is of another build than virgo-run", f.Name()),
			"install both programs of one release; an upgrade may be half done",
		)
	}
	return nil
}

// contains reports whether the text occurs in the rest of r.
func contains(r io.Reader, text string) (bool, error) {
	buf := make([]byte, 64<<10)
	kept := 0 // bytes at the start of buf that may begin the text
	for {
		n, err := r.Read(buf[kept:])
		n += kept
		if bytes.Contains(buf[:n], []byte(text)) {
			return true, nil
		}
		if errors.Is(err, io.EOF) {
			return false, nil
		}
		if err != nil {
			return false, err
		}
		kept = copy(buf, buf[max(0, n-len(text)+1):n])
	}
}
