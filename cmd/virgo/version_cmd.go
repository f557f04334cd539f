package main

import (
	"runtime"

	"virgo/cmd/internal/agent"
	"virgo/cmd/internal/term"
)

type versionCmd struct{}

type versionDocument struct {
	document
	Version  string `json:"version"`
	Commit   string `json:"commit"`
	Go       string `json:"go"`
	Platform string `json:"platform"`
}

// versionLine returns what --version prints.
func versionLine() string {
	if commit := agent.Commit(); commit != "" {
		return "virgo " + agent.Release() + " (" + commit + ")"
	}
	return "virgo " + agent.Release()
}

func (versionCmd) Run(a *app) error {
	doc := versionDocument{
		document{schemaVersion}, agent.Release(), agent.Commit(), runtime.Version(), runtime.GOOS + "/" + runtime.GOARCH,
	}
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
	return t.Write(a.Out, false)
}
