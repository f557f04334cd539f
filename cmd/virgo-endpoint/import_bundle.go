package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"filippo.io/age"

	"virgo/cmd/virgo-endpoint/internal/folder"
	"virgo/cmd/virgo-endpoint/internal/store"
	"virgo/schedule/shorttext"
	"virgo/spool/bundle"
)

// A bundleImport is one run of virgo-endpoint import.
type bundleImport struct {
	app        *app
	cmd        *importCmd
	dir        folder.Dir
	cert       *folder.Certificate
	store      *store.Store
	identities []age.Identity
	receipts   []byte // of the bundles so far, where all go to one file
}

func (in *bundleImport) close() { in.store.Close() }

// file imports one bundle and writes its receipt. The entry says how far it got where there is an error
// too.
func (in *bundleImport) file(name string) (entry bundleEntry, err error) {
	entry.File = name
	defer func() {
		if err != nil {
			err = fmt.Errorf("importing %s: %w", nameOf(name), err)
		}
	}()
	src, size, closeSource, err := in.source(name)
	if err != nil {
		return entry, err
	}
	defer closeSource()
	show := newProgress(in.app.err)
	defer show.end()
	r, err := bundle.Open(src, size, bundle.ReaderOptions{Identities: in.identities, Progress: show.checked})
	if err != nil {
		return entry, err
	}
	h := r.Header()
	entry.AgentID, entry.AgentName, entry.Bundle, entry.Created = h.Agent, h.Name, h.ID, ms(h.Created)
	entry.Results, entry.Key = r.Count(), store.KeyName(h.Key)
	report, err := in.store.Import(in.app.ctx, store.Bundle{
		Agent: h.Agent, Name: h.Name, ID: h.ID, Key: h.Key, AcceptKey: in.cmd.AcceptKey,
	}, in.app.now(), records(r, show))
	entry.New, entry.Known, entry.Refused = report.New, report.Known, report.Refused
	entry.FirstKey = report.FirstKey
	if err != nil {
		return entry, err
	}
	show.end()
	where, err := in.receipt(name, h, report)
	if err != nil {
		return entry, &failure{exitUnexpected,
			fmt.Errorf("its results are stored, but its receipt could not be written: %w", err),
			"import it again, with --receipt FILE where there is space; nothing is stored twice"}
	}
	entry.Receipt = &where
	return entry, nil
}

// records reads a bundle for [store.Store.Import] and shows the progress.
func records(r *bundle.Reader, show *progress) func() ([]store.Record, error) {
	stored := uint64(0)
	return func() ([]store.Record, error) {
		show.stored(stored, r.Count())
		list, err := r.Next()
		if err != nil {
			return nil, err
		}
		stored += uint64(len(list))
		records := make([]store.Record, len(list))
		for i, one := range list {
			records[i] = store.Record{ResultID: one.ID, Order: one.Order, Made: one.Made, Params: one.Data}
		}
		return records, nil
	}
}

// nameOf is a bundle's name as messages give it.
func nameOf(file string) string {
	if file == stdStream {
		return "standard input"
	}
	return shorttext.QuoteShell(file)
}

// source opens a bundle, which is read more than once: what is not a regular file is copied first, into
// the endpoint's folder, which only its owner can read.
func (in *bundleImport) source(name string) (src io.ReaderAt, size int64, closeSource func(), err error) {
	var from io.Reader = in.app.in
	if name != stdStream {
		f, err := os.Open(name)
		if err != nil {
			return nil, 0, nil, &failure{code: exitUsage, err: err}
		}
		info, err := f.Stat()
		if err == nil && info.IsDir() {
			err = errDirectory
		}
		if err != nil {
			f.Close()
			return nil, 0, nil, &failure{code: exitUsage, err: err}
		}
		if info.Mode().IsRegular() {
			return f, info.Size(), func() { f.Close() }, nil
		}
		defer f.Close()
		from = f
	}
	tmp, err := os.CreateTemp(string(in.dir), ".import-*")
	if err != nil {
		return nil, 0, nil, err
	}
	os.Remove(tmp.Name()) // at once, where the system can: a kill leaves nothing behind
	closeSource = func() {
		tmp.Close()
		os.Remove(tmp.Name())
	}
	if size, err = io.Copy(tmp, from); err != nil {
		closeSource()
		return nil, 0, nil, err
	}
	return tmp, size, closeSource, nil
}

var errDirectory = errors.New("it is a directory")

// print reports what became of a bundle.
func (in *bundleImport) print(e bundleEntry) error {
	out := in.app.out
	if in.cmd.Receipt == stdStream {
		out = in.app.err
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s of agent %s: %d new, %d already there", nameOf(e.File),
		plural(e.Results, "result"), shorttext.Sanitize(shorttext.QuoteShell(e.AgentID)), e.New, e.Known)
	if e.Refused > 0 {
		fmt.Fprintf(&b, ", %d refused (the receipt says why)", e.Refused)
	}
	b.WriteByte('\n')
	if e.FirstKey {
		fmt.Fprintf(&b, "  the first bundle of this agent; from now on its key is %s\n", e.Key)
	}
	if where := *e.Receipt; where != stdStream {
		fmt.Fprintf(&b, "  on its host: virgo spool import-receipt %s\n", shorttext.QuoteShell(where))
	}
	if _, err := io.WriteString(out, b.String()); err != nil {
		return fmt.Errorf("writing the output: %w", err)
	}
	return nil
}

func plural(n uint64, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
