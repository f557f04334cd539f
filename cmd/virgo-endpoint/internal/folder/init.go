package folder

import (
	"crypto/x509"
	_ "embed" // for the default schedule
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"
)

//go:embed default.yaml
var defaultSchedule []byte

// notifyExample has comments alone: nobody is told before its owner writes whom.
//
//go:embed notify.yaml
var notifyExample []byte

// ErrBadHost is returned when a host name or address cannot stand in a certificate.
var ErrBadHost = errors.New("invalid host name")

// An InitReport is the result of Init.
type InitReport struct {
	// Made are the files that were made, Kept those that existed before, relative to the folder.
	Made, Kept []string
	// Server is the server's certificate. If it existed before, it may be for other hosts.
	Server *x509.Certificate
	// Hosts are the names and addresses of Server.
	Hosts []string
	// Missing are the requested hosts that Server is not for.
	Missing []string
}

// Init prepares a folder for its store. It creates missing files and never changes existing ones, so it
// may be called again, also after an interruption. hosts are the names and addresses that agents will
// use. Errors: ErrBadHost, *OwnerError.
func Init(dir Dir, hosts []string, now time.Time) (InitReport, error) {
	for _, h := range hosts {
		if err := CheckHost(h); err != nil {
			return InitReport{}, err
		}
	}
	in := initializer{dir: dir, now: now}
	for _, step := range []func() error{
		in.owners,
		in.folders,
		func() error { return in.key(dir.caKey(), dir.caCert()) },
		in.ca,
		func() error { return in.key(dir.serverKey(), "") },
		func() error { return in.serverCert(hosts) },
		in.schedule,
		in.notify,
	} {
		if err := step(); err != nil {
			return InitReport{}, fmt.Errorf("setting up %q: %w", string(dir), err)
		}
	}
	return in.report, nil
}

type initializer struct {
	dir    Dir
	now    time.Time
	report InitReport
}

// owners refuses a folder, keys and certificates that somebody else made: whoever did has the keys, and
// would be every host's endpoint. Error: *OwnerError.
func (in *initializer) owners() error {
	if err := checkFolder(string(in.dir)); err != nil {
		return err
	}
	for _, path := range []string{in.dir.caKey(), in.dir.caCert(), in.dir.serverKey(), in.dir.serverCert(),
		in.dir.StoreFile(), in.dir.clientsDir(), in.dir.SchedulesDir(), in.dir.ClientIDsFile(),
		in.dir.NotifyFile(), in.dir.OutputsFile()} {
		if err := checkOwned(path); err != nil {
			return err
		}
	}
	return nil
}

func (in *initializer) folders() error {
	if err := makePrivate(string(in.dir)); err != nil {
		return err
	}
	return os.MkdirAll(in.dir.SchedulesDir(), folderMode)
}

// Prepare makes a folder that is to be filled, as by restoring a backup, and protects it. Somebody else's, or one that
// others can change, is refused before anything is written. Error: *OwnerError.
func Prepare(dir Dir) error {
	err := checkFolder(string(dir))
	if err == nil {
		err = makePrivate(string(dir))
	}
	if err != nil {
		return fmt.Errorf("setting up %q: %w", string(dir), err)
	}
	return nil
}

// makePrivate makes a folder that only its owner can look into. An empty one was made for this; one that contains other
// files keeps its mode.
func makePrivate(dir string) error {
	entries, err := os.ReadDir(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if err := os.MkdirAll(dir, folderMode); err != nil {
			return err
		}
	case err != nil:
		return err
	case len(entries) > 0:
		return nil
	}
	return protect(dir)
}

// key makes a private key if there is none, unless its certificate exists: then the owner stores the key
// elsewhere. An empty cert means that there is no certificate to look for.
func (in *initializer) key(path, cert string) error {
	switch {
	case exists(path):
		in.kept(path)
		return checkPrivate(path)
	case cert != "" && exists(cert):
		return nil
	}
	_, data, err := newKey()
	if err != nil {
		return err
	}
	return in.make(path, data, keyMode)
}

func (in *initializer) ca() error {
	path := in.dir.caCert()
	if exists(path) {
		in.kept(path)
		return nil
	}
	key, err := readKey(in.dir.caKey())
	if err != nil {
		return err
	}
	data, err := newCA(key, in.now)
	if err != nil {
		return err
	}
	return in.make(path, data, publicMode)
}

func (in *initializer) serverCert(hosts []string) error {
	path := in.dir.serverCert()
	if exists(path) {
		in.kept(path)
	} else {
		if err := writeServerCert(in.dir, hosts, in.now, writeNew); err != nil {
			return err
		}
		in.made(path)
	}
	cert, err := readCert(path)
	if err != nil {
		return err
	}
	in.report.Server, in.report.Hosts = cert, hostsOf(cert)
	for _, h := range hosts {
		if cert.VerifyHostname(h) != nil {
			in.report.Missing = append(in.report.Missing, h)
		}
	}
	return nil
}

func (in *initializer) schedule() error {
	path := filepath.Join(in.dir.SchedulesDir(), defaultName+scheduleSuffix)
	if exists(path) {
		in.kept(path)
		return nil
	}
	return in.make(path, defaultSchedule, publicMode)
}

// notify makes a notify.yaml in a folder that has none, unless it was set up before there was such a file.
func (in *initializer) notify() error {
	path := in.dir.NotifyFile()
	switch {
	case exists(path):
		in.kept(path)
		return nil
	case exists(in.dir.StoreFile()):
		return nil
	}
	return in.make(path, notifyExample, keyMode)
}

func (in *initializer) make(path string, data []byte, mode fs.FileMode) error {
	if err := writeNew(path, data, mode); err != nil {
		return err
	}
	in.made(path)
	return nil
}

func (in *initializer) made(path string) {
	in.report.Made = append(in.report.Made, in.relative(path))
}

func (in *initializer) kept(path string) {
	in.report.Kept = append(in.report.Kept, in.relative(path))
}

func (in *initializer) relative(path string) string {
	rel, err := filepath.Rel(string(in.dir), path)
	if err != nil {
		return path
	}
	return filepath.ToSlash(rel)
}

// CheckHost returns an error if a certificate cannot be for h, which has to be an address, or a name of
// letters, digits, hyphens, dots (RFC 1123, 2.1) and underscores, whose first label may be "*". Error:
// ErrBadHost.
func CheckHost(h string) error {
	if net.ParseIP(h) != nil {
		return nil
	}
	name := strings.TrimPrefix(h, "*.")
	if name == "" || len(h) > 253 {
		return fmt.Errorf("%w: %q", ErrBadHost, h)
	}
	for label := range strings.SplitSeq(name, ".") {
		if label == "" || len(label) > 63 ||
			strings.Trim(strings.ToLower(label), "abcdefghijklmnopqrstuvwxyz0123456789-_") != "" {
			return fmt.Errorf("%w: %q", ErrBadHost, h)
		}
	}
	return nil
}
