package endpoint

import (
	"context"
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

// FirstTokenLabel is the label of the token that Init makes.
const FirstTokenLabel = "first"

// ErrBadHost is returned when a host name or address cannot stand in a certificate.
var ErrBadHost = errors.New("bad host name")

// An InitReport says what Init found and did.
type InitReport struct {
	// Made and Kept name the parts (relative to the folder) that were made now, and that were there.
	Made, Kept []string
	// Secret is the first token, made now; empty where tokens were there.
	Secret string
	// Token is what the store knows of it.
	Token Token
	// Server is the server's certificate; its names may be other ones than asked for where it was there.
	Server *x509.Certificate
	// Hosts are the names and addresses of Server.
	Hosts []string
	// Missing are the hosts asked for that Server is not for.
	Missing []string
}

// Init makes a folder ready to serve: what is missing is made, what is there is never touched, so it
// may be called again and after having been interrupted. hosts are the names and addresses that agents
// will use. Error: ErrBadHost.
func Init(ctx context.Context, folder Folder, hosts []string, now time.Time) (InitReport, error) {
	for _, h := range hosts {
		if err := CheckHost(h); err != nil {
			return InitReport{}, err
		}
	}
	in := initialiser{folder: folder, now: now}
	for _, step := range []func() error{
		in.folders,
		func() error { return in.key(folder.caKey(), folder.caCert()) },
		in.ca,
		func() error { return in.key(folder.serverKey(), "") },
		func() error { return in.serverCert(hosts) },
		in.schedule,
		func() error { return in.store(ctx) },
	} {
		if err := step(); err != nil {
			return InitReport{}, fmt.Errorf("setting up %q: %w", string(folder), err)
		}
	}
	return in.report, nil
}

type initialiser struct {
	folder Folder
	now    time.Time
	report InitReport
}

func (in *initialiser) folders() error {
	dir := string(in.folder)
	entries, err := os.ReadDir(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if err := os.MkdirAll(dir, folderMode); err != nil {
			return err
		}
	case err != nil:
		return err
	case len(entries) == 0:
		// An empty folder was made for this; one with other things in it keeps its mode.
		if err := os.Chmod(dir, folderMode); err != nil {
			return err
		}
	}
	return os.MkdirAll(in.folder.SchedulesDir(), folderMode)
}

// key makes a private key. Where unless is there, the key belongs to it and is kept elsewhere.
func (in *initialiser) key(path, unless string) error {
	if exists(path) || unless != "" && exists(unless) {
		if exists(path) {
			in.kept(path)
			return checkPrivate(path)
		}
		return nil
	}
	_, data, err := newKey()
	if err != nil {
		return err
	}
	return in.make(path, data, keyMode)
}

func (in *initialiser) ca() error {
	path := in.folder.caCert()
	if exists(path) {
		in.kept(path)
		return nil
	}
	key, err := readKey(in.folder.caKey())
	if err != nil {
		return err
	}
	data, err := newCA(key, in.now)
	if err != nil {
		return err
	}
	return in.make(path, data, publicMode)
}

func (in *initialiser) serverCert(hosts []string) error {
	path := in.folder.serverCert()
	if exists(path) {
		in.kept(path)
	} else {
		if err := writeServerCert(in.folder, hosts, in.now, writeNew); err != nil {
			return err
		}
		in.report.Made = append(in.report.Made, filepath.Base(path))
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

func (in *initialiser) schedule() error {
	path := filepath.Join(in.folder.SchedulesDir(), defaultName+scheduleSuffix)
	if exists(path) {
		in.kept(path)
		return nil
	}
	return in.make(path, defaultSchedule, publicMode)
}

func (in *initialiser) store(ctx context.Context) error {
	path := in.folder.StoreFile()
	created, err := CreateStore(ctx, path)
	if err != nil {
		return err
	}
	if created {
		in.report.Made = append(in.report.Made, filepath.Base(path))
	} else {
		in.kept(path)
	}
	s, err := OpenStore(ctx, path)
	if err != nil {
		return err
	}
	defer s.Close()
	tokens, err := s.Tokens(ctx)
	if err != nil || len(tokens) > 0 {
		return err
	}
	in.report.Secret, in.report.Token, err = s.AddToken(ctx, FirstTokenLabel, in.now)
	return err
}

func (in *initialiser) make(path string, data []byte, mode fs.FileMode) error {
	if err := writeNew(path, data, mode); err != nil {
		return err
	}
	in.report.Made = append(in.report.Made, in.relative(path))
	return nil
}

func (in *initialiser) kept(path string) {
	in.report.Kept = append(in.report.Kept, in.relative(path))
}

func (in *initialiser) relative(path string) string {
	rel, err := filepath.Rel(string(in.folder), path)
	if err != nil {
		return path
	}
	return filepath.ToSlash(rel)
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

// CheckHost says whether a certificate can be for h: an address, or a name of letters, digits, hyphens, underscores and dots (RFC 1123,
// 2.1, and what is in use), where "*" may be the first label. Error: ErrBadHost.
func CheckHost(h string) error {
	if net.ParseIP(h) != nil {
		return nil
	}
	name := strings.TrimPrefix(h, "*.")
	if name == "" || len(h) > 253 {
		return fmt.Errorf("%w: %q", ErrBadHost, h)
	}
	for label := range strings.SplitSeq(name, ".") {
		if label == "" || len(label) > 63 || strings.Trim(strings.ToLower(label), "abcdefghijklmnopqrstuvwxyz0123456789-_") != "" {
			return fmt.Errorf("%w: %q", ErrBadHost, h)
		}
	}
	return nil
}
