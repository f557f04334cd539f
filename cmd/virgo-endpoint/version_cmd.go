package main

import (
	"runtime"
	"runtime/debug"

	"virgo/cmd/internal/term"
)

// release and commit are set by the build (-ldflags -X).
var release, commit = "0.1.0-dev", ""

type versionCmd struct{}

type versionDocument struct {
	document
	Version  string `json:"version"`
	Commit   string `json:"commit"`
	Go       string `json:"go"`
	Platform string `json:"platform"`
}

func (versionCmd) Run(a *app) error {
	doc := versionDocument{document{schemaVersion}, release, builtFrom(), runtime.Version(),
		runtime.GOOS + "/" + runtime.GOARCH}
	if a.JSON {
		return a.printJSON(doc)
	}
	var t term.Table
	t.Row("virgo-endpoint", doc.Version)
	t.Row("commit", doc.Commit)
	t.Row("go", doc.Go)
	t.Row("platform", doc.Platform)
	return t.Write(a.out, false)
}

// versionLine returns what --version prints.
func versionLine() string { return "virgo-endpoint " + release + " (" + builtFrom() + ")" }

// builtFrom returns the hash of the commit, or "unknown".
func builtFrom() string {
	if commit != "" {
		return commit
	}
	if bi, ok := debug.ReadBuildInfo(); ok {
		for _, s := range bi.Settings {
			if s.Key == "vcs.revision" {
				return s.Value
			}
		}
	}
	return "unknown"
}
