package main

import (
	"bytes"
	"os"

	"github.com/rogpeppe/go-internal/testscript"

	"virgo/schedule/scriptbundle"
)

// forgeBundle makes a bundle of another version whose scripts differ from what its manifest says of them: forge-bundle FILE NEW
// VERSION OLD TEXT.
func forgeBundle(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 5 {
		ts.Fatalf("usage: forge-bundle FILE NEW VERSION OLD TEXT")
	}
	b, err := scriptbundle.Parse([]byte(ts.ReadFile(args[0])))
	ts.Check(err)
	files := map[string][]byte{}
	for _, f := range b.Manifest.Files {
		text, _ := b.File(f.Name)
		files[f.Name] = bytes.ReplaceAll(text, []byte(args[3]), []byte(args[4]))
	}
	m := b.Manifest
	m.Version = args[2]
	forged, err := scriptbundle.Build(m, files)
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), forged, 0o600))
}
