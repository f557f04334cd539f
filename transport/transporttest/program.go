package transporttest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// The files of a Program's folder.
const (
	ScriptFile  = "script.json"  // a Script; read when a connection comes; absent means the zero value
	AddressFile = "address"      // where it listens
	CAFile      = "ca.pem"       // its authority's certificate
	PinFile     = "pin"          // its certificate's pin
	StoredFile  = "stored.jsonl" // what it stored, one Stored a line
	FaultsFile  = "faults"       // what agents did wrong, one a line
	MethodsFile = "methods"      // what agents asked, one a line
)

// every is how often a Program looks at its script and writes its books.
const every = 20 * time.Millisecond

// Program serves a folder until ctx ends: the body of a script test's fake endpoint. It makes the
// files that an agent needs, and AddressFile last, so that whoever waits for that may start. The books
// are replaced whole, so that a reader never sees half of them; they are complete when Program returns,
// and while it runs at most a moment behind.
//
// With an AddressFile in the folder already it listens there, and keeps that address, its authority and
// key no longer than the process lives; the pin and the CA file change.
func Program(ctx context.Context, dir string) error {
	address := "127.0.0.1:0"
	if b, err := os.ReadFile(filepath.Join(dir, AddressFile)); err == nil {
		address = string(bytes.TrimSpace(b))
	}
	script, seen, err := readScript(dir)
	if err != nil {
		return err
	}
	e, err := listen(address, script)
	if err != nil {
		return err
	}
	defer e.Close()
	for _, file := range []struct {
		name string
		data []byte
	}{
		{CAFile, e.Authority.PEM()},
		{PinFile, []byte(e.Pin() + "\n")},
		{AddressFile, []byte(e.Address() + "\n")},
	} {
		if err := replace(filepath.Join(dir, file.name), file.data); err != nil {
			return err
		}
	}
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return errors.Join(e.Close(), e.writeBooks(dir))
		case <-tick.C:
		}
		if script, now, err := readScript(dir); err != nil {
			return err
		} else if !bytes.Equal(now, seen) {
			seen = now
			e.Set(script)
		}
		if err := e.writeBooks(dir); err != nil {
			return err
		}
	}
}

func readScript(dir string) (Script, []byte, error) {
	var s Script
	b, err := os.ReadFile(filepath.Join(dir, ScriptFile))
	if errors.Is(err, fs.ErrNotExist) {
		return s, nil, nil
	}
	if err != nil {
		return s, nil, err
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(&s); err != nil {
		return s, nil, fmt.Errorf("%s: %w", ScriptFile, err)
	}
	return s, b, nil
}

func (e *Endpoint) writeBooks(dir string) error {
	var stored, faults, methods bytes.Buffer
	for _, s := range e.Stored() {
		b, err := json.Marshal(s)
		if err != nil {
			return err
		}
		stored.Write(append(b, '\n'))
	}
	for _, f := range e.Faults() {
		fmt.Fprintln(&faults, f)
	}
	for _, m := range e.Methods() {
		fmt.Fprintln(&methods, m)
	}
	return errors.Join(
		replace(filepath.Join(dir, StoredFile), stored.Bytes()),
		replace(filepath.Join(dir, FaultsFile), faults.Bytes()),
		replace(filepath.Join(dir, MethodsFile), methods.Bytes()))
}

// replace writes a file whole, and not at all where it holds data already.
func replace(path string, data []byte) error {
	if old, err := os.ReadFile(path); err == nil && bytes.Equal(old, data) {
		return nil
	}
	fresh := path + ".new"
	if err := os.WriteFile(fresh, data, 0o644); err != nil {
		return err
	}
	return os.Rename(fresh, path)
}
