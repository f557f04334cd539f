package run

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"virgo/schedule/yaml"
	"virgo/transport/transporttest"
)

// A program with the plain parser leaves such a host to another program, which must find everything as
// it was: no check claimed, nothing written, no session with the endpoint.
func TestLocalChecksThatAreNotPlainEndTheRunBeforeItBegins(t *testing.T) {
	b := newBench(t, transporttest.Script{Schedule: scheduleOf("a")})
	b.ParseYAML = yaml.ParsePlain
	b.hook = func(point string) { t.Errorf("the spool was written: %s", point) }
	writeCheck(t, b.ChecksDir, "plain")
	if err := os.WriteFile(filepath.Join(b.ChecksDir, "x.yaml"), []byte("[{id: x, type: test.ok}]\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	rep, err := b.Run(t.Context(), Options{Deliver: true})
	if !errors.Is(err, yaml.ErrNotPlain) {
		t.Errorf("the run ended with %v", err)
	}
	if len(b.ran) != 0 || rep.Due != 0 || b.endpoint.Sessions() != 0 {
		t.Errorf("checks %v ran, %d due, %d sessions", b.ran, rep.Due, b.endpoint.Sessions())
	}
	files, err := os.ReadDir(filepath.Dir(b.Spool.Path()))
	if err != nil || len(files) != 0 {
		t.Errorf("the state folder contains %v, error %v", files, err)
	}
}
