package folder

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// A Dir is the path of an endpoint's folder. The package comment lists the files in it.
type Dir string

const (
	folderMode fs.FileMode = 0o700
	keyMode    fs.FileMode = 0o600 // private keys
	publicMode fs.FileMode = 0o644 // certificates and schedules
)

func (d Dir) caCert() string     { return d.file("ca.pem") }
func (d Dir) caKey() string      { return d.file("ca-key.pem") }
func (d Dir) serverCert() string { return d.file("server.pem") }
func (d Dir) serverKey() string  { return d.file("server-key.pem") }
func (d Dir) clientsDir() string { return d.file("clients") }

// CAFile returns the path of the certificate authority's certificate. Agents may trust it instead of a
// pin; the authority also signs agents' certificates.
func (d Dir) CAFile() string { return d.caCert() }

// ServerCertFile returns the path of the server's certificate.
func (d Dir) ServerCertFile() string { return d.serverCert() }

// StoreFile returns the path of the store.
func (d Dir) StoreFile() string { return d.file("endpoint.db") }

// ControlFile returns the path of what is stored besides results; it is made when something needs it.
func (d Dir) ControlFile() string { return d.file("control.db") }

// ClientIDsFile returns the path of the mapping of client certificates to agents; see [ClientIDs].
func (d Dir) ClientIDsFile() string { return d.file("client-ids.yaml") }

// NotifyFile returns the path of the file that says who is told of alarms; package notify reads it.
func (d Dir) NotifyFile() string { return d.file("notify.yaml") }

// OutputsFile returns the path of the file that says where results are passed on to; package output reads it.
func (d Dir) OutputsFile() string { return d.file("outputs.yaml") }

// addressFile holds the address by which agents reach the endpoint.
func (d Dir) addressFile() string { return d.file("address") }

// SchedulesDir returns the path of the folder with the schedules.
func (d Dir) SchedulesDir() string { return d.file("schedules") }

// AlarmsDir returns the path of the folder with the rules of alarms.
func (d Dir) AlarmsDir() string { return d.file("alarms.d") }

// UpgradesDir returns the path of the folder with what was published; package releases has its content.
func (d Dir) UpgradesDir() string { return d.file("upgrades") }

// ACMEDir returns the path of the folder with the page's account and certificates of an ACME authority.
func (d Dir) ACMEDir() string { return d.file("acme") }

func (d Dir) file(name string) string { return filepath.Join(string(d), name) }

// A ModeError is returned when other users than its owner can read a file with a secret.
type ModeError struct {
	Path string
	Mode fs.FileMode
	// Fix is the command that corrects it.
	Fix string
}

func (e *ModeError) Error() string {
	return fmt.Sprintf("%q has mode %04o: others can read it", e.Path, e.Mode.Perm())
}

// An OwnerError is returned when somebody else made a file or folder, or can change it.
type OwnerError struct {
	Path, Reason string
	// Fix is the command that corrects it.
	Fix string
}

func (e *OwnerError) Error() string { return fmt.Sprintf("%q %s", e.Path, e.Reason) }

// Hint returns the next step.
func (e *OwnerError) Hint() string { return e.Fix }

// writeNew writes a file that does not exist yet. After a failure or a crash the file is complete or
// does not exist. Error: fs.ErrExist.
func writeNew(path string, data []byte, mode fs.FileMode) error {
	if exists(path) {
		return &fs.PathError{Op: "create", Path: path, Err: fs.ErrExist}
	}
	tmp, err := writeBeside(path, data, mode)
	if err != nil {
		return err
	}
	defer os.Remove(tmp)
	// Unlike a rename, a link fails if another process has made the file meanwhile. Not every file
	// system has links.
	if err := os.Link(tmp, path); errors.Is(err, fs.ErrExist) {
		return err
	} else if err != nil {
		if err := os.Rename(tmp, path); err != nil {
			return err
		}
	}
	return syncFolder(filepath.Dir(path))
}

// WriteFile creates or replaces a file atomically: a reader sees the complete old file or the complete
// new one, also after a power failure.
func WriteFile(path string, data []byte, mode fs.FileMode) error {
	tmp, err := writeBeside(path, data, mode)
	if err != nil {
		return err
	}
	if err := os.Rename(tmp, path); err != nil {
		os.Remove(tmp)
		return err
	}
	return syncFolder(filepath.Dir(path))
}

// writeBeside writes a temporary file in path's folder, synced, and returns its name.
func writeBeside(path string, data []byte, mode fs.FileMode) (string, error) {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return "", err
	}
	_, err = f.Write(data)
	if err := errors.Join(err, f.Chmod(mode), giveToOwner(f, filepath.Dir(path)), f.Sync(), f.Close()); err != nil {
		os.Remove(f.Name())
		return "", err
	}
	return f.Name(), nil
}

// changed reports whether a file was replaced or modified.
func changed(was, is fs.FileInfo) bool {
	return !os.SameFile(was, is) || !was.ModTime().Equal(is.ModTime()) || was.Size() != is.Size()
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}
