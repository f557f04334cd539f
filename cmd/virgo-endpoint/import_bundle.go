package main

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"filippo.io/age"

	"virgo/spool/bundle"
	"virgo/transport/endpoint"
)

// An importing is one run of virgo-endpoint import.
type importing struct {
	app        *app
	cmd        *importCmd
	folder     endpoint.Folder
	cert       tls.Certificate
	store      *endpoint.Store
	identities []age.Identity
	receipts   []byte // of the bundles so far, where all go to one file
}

func (in *importing) close() { in.store.Close() }

// file imports one bundle and gives its receipt. What the entry says holds where there is an error too.
func (in *importing) file(name string) (entry bundleEntry, err error) {
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
	entry.Results, entry.Key = r.Count(), endpoint.KeyName(h.Key)
	stored := uint64(0)
	got, err := in.store.Import(in.app.ctx, endpoint.Carrier{
		Agent: h.Agent, Name: h.Name, Bundle: h.ID, Key: h.Key, AcceptKey: in.cmd.AcceptKey,
	}, in.app.now(), func() ([]endpoint.Carried, error) {
		show.stored(stored, r.Count())
		list, err := r.Next()
		if err != nil {
			return nil, err
		}
		stored += uint64(len(list))
		carried := make([]endpoint.Carried, len(list))
		for i, one := range list {
			carried[i] = endpoint.Carried{ResultID: one.ID, Order: one.Order, Made: one.Made, Params: one.Data}
		}
		return carried, nil
	})
	entry.New, entry.Known, entry.Refused, entry.FirstKey = got.New, got.Known, got.Refused, got.FirstKey
	if err != nil {
		return entry, err
	}
	show.end()
	where, err := in.receipt(name, h, got)
	if err != nil {
		return entry, &failure{exitUnexpected, fmt.Errorf("its results are stored, and its receipt is not: %w", err),
			"import it again, with --receipt FILE where there is room; nothing is stored twice"}
	}
	entry.Receipt = &where
	return entry, nil
}

// nameOf is a bundle's name as errors and lines give it.
func nameOf(file string) string {
	if file == stdStream {
		return "standard input"
	}
	return shellWord(file)
}

// source opens a bundle where it can be read more than once: what is no ordinary file is copied into the
// endpoint's folder first, which is its owner's only.
func (in *importing) source(name string) (src io.ReaderAt, size int64, closeSource func(), err error) {
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
	tmp, err := os.CreateTemp(string(in.folder), ".import-*")
	if err != nil {
		return nil, 0, nil, err
	}
	os.Remove(tmp.Name()) // nothing is left behind by a kill, where the system can do that
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

// say tells a person what became of a bundle.
func (in *importing) say(e bundleEntry) error {
	out := in.app.out
	if in.cmd.Receipt == stdStream {
		out = in.app.err
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s of agent %s: %d new, %d already there", nameOf(e.File), plural(e.Results, "result"), shellWord(e.AgentID), e.New, e.Known)
	if e.Refused > 0 {
		fmt.Fprintf(&b, ", %d refused (the receipt says why)", e.Refused)
	}
	b.WriteByte('\n')
	if e.FirstKey {
		fmt.Fprintf(&b, "  the first bundle of this agent; from now on its key is %s\n", e.Key)
	}
	if where := *e.Receipt; where != stdStream {
		fmt.Fprintf(&b, "  on its host: virgo spool import-receipt %s\n", shellWord(where))
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
