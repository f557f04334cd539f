package main

import (
	"os"
	"runtime"

	"virgo/cmd/virgo/internal/term"
)

// release and commit are set by the build (-ldflags -X).
var (
	release = "0.1.0-dev"
	commit  = ""
)

func version() string { return release }

type versionCmd struct{}

type versionDocument struct {
	document
	Version  string `json:"version"`
	Commit   string `json:"commit"`
	Go       string `json:"go"`
	Platform string `json:"platform"`
}

func (versionCmd) Run(a *app) error {
	doc := versionDocument{document{schemaVersion}, version(), commit, runtime.Version(), runtime.GOOS + "/" + runtime.GOARCH}
	if doc.Commit == "" {
		doc.Commit = "unknown"
	}
	if a.JSON {
		return a.printJSON(doc)
	}
	var t term.Table
	t.Row("virgo", doc.Version)
	t.Row("commit", doc.Commit)
	t.Row("go", doc.Go)
	t.Row("platform", doc.Platform)
	return t.Write(a.out, false)
}

// statProgram is this program as the child that asks a file system; none where the system does not say
// what it is called.
func statProgram() []string {
	self, err := os.Executable()
	if err != nil {
		return nil
	}
	return []string{self, statCommand}
}
