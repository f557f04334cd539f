package endpoint

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// A Folder is where an endpoint keeps everything:
//
//	ca.pem, ca-key.pem           its own certificate authority
//	server.pem, server-key.pem   what it shows to agents; agents pin the key
//	endpoint.db                  results, agents and tokens ([Store]), with -wal and -shm beside it
//	clients/NAME.pem, …-key.pem  certificates for clients that the authority signed ([MakeClient])
//	schedules/default.yaml       the checks of every agent that has no file of its own
//	schedules/<agent_id>.yaml    the checks of one agent
//
// The folder is for its owner only (0700); keys and the store are 0600.
type Folder string

const (
	folderMode fs.FileMode = 0o700
	keyMode    fs.FileMode = 0o600 // private keys and the store
	publicMode fs.FileMode = 0o644 // certificates and schedules
)

// The parts of a folder.
func (f Folder) caCert() string     { return filepath.Join(string(f), "ca.pem") }
func (f Folder) caKey() string      { return filepath.Join(string(f), "ca-key.pem") }
func (f Folder) serverCert() string { return filepath.Join(string(f), "server.pem") }
func (f Folder) serverKey() string  { return filepath.Join(string(f), "server-key.pem") }

// CAFile is the certificate authority's certificate, for agents that trust it rather than a pin, and what signs clients'
// certificates.
func (f Folder) CAFile() string { return f.caCert() }

func (f Folder) clientsDir() string { return filepath.Join(string(f), "clients") }

// StoreFile is the SQLite file.
func (f Folder) StoreFile() string { return filepath.Join(string(f), "endpoint.db") }

// SchedulesDir holds the schedules.
func (f Folder) SchedulesDir() string { return filepath.Join(string(f), "schedules") }

// A ModeError is returned when others than its owner can read a file that holds a secret.
type ModeError struct {
	Path string
	Mode fs.FileMode
	// Fix is the command that mends it.
	Fix string
}

func (e *ModeError) Error() string {
	return fmt.Sprintf("%q has mode %04o: others can read it", e.Path, e.Mode.Perm())
}

// writeNew writes a file that is not there yet, synced; fs.ErrExist where it is.
func writeNew(path string, data []byte, mode fs.FileMode) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, mode)
	if err != nil {
		return err
	}
	if err := writeSync(f, data); err != nil {
		os.Remove(path)
		return err
	}
	return nil
}

// replace writes a file beside path and moves it there: a reader sees the old one or the new one, whole.
func replace(path string, data []byte, mode fs.FileMode) error {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	err = errors.Join(f.Chmod(mode), writeSync(f, data))
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		os.Remove(f.Name())
	}
	return err
}

func writeSync(f *os.File, data []byte) error {
	_, err := f.Write(data)
	return errors.Join(err, f.Sync(), f.Close())
}
