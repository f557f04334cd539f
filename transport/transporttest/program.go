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
	"sync"

	"virgo/transport"
)

// The files of a Program's folder.
const (
	ScriptFile  = "script.json"  // a Script; read when a connection comes; absent means the zero value
	AddressFile = "address"      // where it listens
	CAFile      = "ca.pem"       // its authority's certificate
	PinFile     = "pin"          // its certificate's pin
	StoredFile  = "stored.jsonl" // what it stored, one Stored per line
	FaultsFile  = "faults"       // violations of the protocol by agents, one per line
	MethodsFile = "methods"      // methods of agents' requests, one per line
	AnswersFile = "answers"      // agents' answers to the script's requests, in order, one frame per line
)

// Program serves a folder until ctx ends. It is the body of a script test's fake endpoint. It writes
// the files that an agent needs, AddressFile last, and then calls ready. It replaces the records
// atomically before it answers a heartbeat and before it sends an error that ends a session, so when
// an agent has that answer, its results are in the records.
//
// If the folder has an AddressFile already, it listens on that address, but its authority and key
// are new in each process. For an outage with the same certificate, use Script.Refuse.
func Program(ctx context.Context, dir string, ready ...func()) error {
	address := "127.0.0.1:0"
	if b, err := os.ReadFile(filepath.Join(dir, AddressFile)); err == nil {
		address = string(bytes.TrimSpace(b))
		if err := os.Remove(filepath.Join(dir, AddressFile)); err != nil {
			return err
		}
	}
	script, err := readScript(dir)
	if err != nil {
		return err
	}
	e, err := New(script)
	if err != nil {
		return err
	}
	var (
		mu     sync.Mutex
		failed error // to write the records
	)
	e.reload = func() (Script, error) { return readScript(dir) }
	e.publish = func() {
		mu.Lock()
		defer mu.Unlock()
		failed = errors.Join(failed, e.writeRecords(dir))
	}
	e.publish()
	if err := e.listen(address); err != nil {
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
	for _, call := range ready {
		call()
	}
	<-ctx.Done()
	err = e.Close()
	e.publish()
	return errors.Join(err, failed)
}

func readScript(dir string) (Script, error) {
	var s Script
	b, err := os.ReadFile(filepath.Join(dir, ScriptFile))
	if errors.Is(err, fs.ErrNotExist) {
		return s, nil
	}
	if err != nil {
		return s, err
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(&s); err != nil {
		return s, fmt.Errorf("%s: %w", ScriptFile, err)
	}
	return s, nil
}

func (e *Endpoint) writeRecords(dir string) error {
	var stored, faults, methods, answers bytes.Buffer
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
	for _, f := range e.Answers() {
		b, err := json.Marshal(struct {
			Result json.RawMessage  `json:"result"`
			Error  *transport.Error `json:"error,omitempty"`
		}{f.Result, f.Error})
		if err != nil {
			return err
		}
		answers.Write(append(b, '\n'))
	}
	return errors.Join(
		replace(filepath.Join(dir, AnswersFile), answers.Bytes()),
		replace(filepath.Join(dir, StoredFile), stored.Bytes()),
		replace(filepath.Join(dir, FaultsFile), faults.Bytes()),
		replace(filepath.Join(dir, MethodsFile), methods.Bytes()))
}

// replace writes a file atomically, unless it has that content already.
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
