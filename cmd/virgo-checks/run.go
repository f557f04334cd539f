package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"virgo/collect"
	"virgo/collect/hostinfo"
	"virgo/collect/remote"
	"virgo/collect/service"
	"virgo/collect/worker"
	"virgo/transport"
)

// release is set by the build (-ldflags -X).
var release = "0.1.0-dev"

// The exit codes; they are virgo's.
const (
	exitOK         = 0
	exitUnexpected = 1
	exitUsage      = 2
)

const usage = `virgo-checks holds virgo's checks of services and other hosts, and its host information.
virgo starts it by itself: run "virgo check --list" and "virgo hostinfo --list".

Usage: virgo-checks serve | catalog | version

  serve     answer an agent on standard input and output, until input ends
  catalog   print the catalog that is built into virgo, as JSON
  version   print the version

Exit codes: 0 done, 1 unexpected error, 2 usage
`

// run is the program: its arguments and streams in, its exit code out.
func run(ctx context.Context, args []string, in io.Reader, out, errs io.Writer) int {
	err := errors.New("one of serve, catalog, version is wanted")
	if len(args) == 1 {
		switch args[0] {
		case worker.Argument:
			err = serve(ctx, in, out)
		case "catalog":
			err = printCatalog(out)
		case "version", "--version":
			_, err = fmt.Fprintln(out, "virgo-checks", release)
		case "help", "--help", "-h":
			_, err = io.WriteString(out, usage)
		default:
			return wrongUsage(errs, fmt.Errorf("no command %q", args[0]))
		}
	} else {
		return wrongUsage(errs, err)
	}
	if err != nil {
		fmt.Fprintln(errs, "virgo-checks: error:", err)
		return exitUnexpected
	}
	return exitOK
}

func wrongUsage(errs io.Writer, err error) int {
	fmt.Fprintln(errs, "virgo-checks: error:", err)
	fmt.Fprintln(errs, "virgo-checks: hint: virgo-checks --help")
	return exitUsage
}

func serve(ctx context.Context, in io.Reader, out io.Writer) error {
	host := &hostinfo.Host{}
	return worker.Server{
		Version: release,
		Open:    open,
		HostInfo: func(ctx context.Context, name string) (any, error) {
			return hostinfo.Get(ctx, host, name)
		},
	}.Serve(ctx, in, out)
}

// open wires the families.
func open(s worker.Settings) (*collect.Registry, error) {
	types := service.Types()
	types = append(types, remote.Types(remote.Options{
		Proxy: transport.ProxyFor(transport.ProxySettings{URL: s.Proxy, NoProxy: s.NoProxy}),
	})...)
	return collect.NewRegistry(types...)
}

// catalog describes what this program offers.
func catalog() (worker.Catalog, error) {
	registry, err := open(worker.Settings{})
	if err != nil {
		return worker.Catalog{}, err
	}
	var c worker.Catalog
	for _, t := range registry.Types() {
		c.Checks = append(c.Checks, worker.CheckType{Name: t.Name, Summary: t.Summary, Details: t.Details, Telling: t.Telling})
	}
	for _, t := range hostinfo.Types() {
		info := worker.InfoType{Name: t.Name, Summary: t.Summary, Systems: t.Systems}
		for _, k := range hostinfo.Describe(t) {
			info.Keys = append(info.Keys, worker.InfoKey(k))
		}
		c.HostInfo = append(c.HostInfo, info)
	}
	return c, nil
}

func printCatalog(out io.Writer) error {
	c, err := catalog()
	if err != nil {
		return err
	}
	enc := json.NewEncoder(out)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", " ")
	return enc.Encode(c)
}
