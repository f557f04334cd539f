package bundle

import (
	"bytes"
	"testing"

	"virgo/collect/script"
	"virgo/collect/script/api"
	"virgo/collect/script/trial"
	"virgo/schedule/policy"
	"virgo/schedule/scriptbundle"
)

// The folder is one valid bundle, and what each script needs is of a form that owners can grant.
func TestBundleCanBeBuilt(t *testing.T) {
	f := folder(t)
	m := scriptbundle.Manifest{Name: "standard", Version: "0.1.0"}
	files := map[string][]byte{}
	for _, name := range f.Files() {
		files[name] = []byte(f[name])
		if !trial.IsScript(name) {
			continue
		}
		s, err := script.DeclareFile(script.Options{Modules: api.Modules()}, f, name)
		if err != nil {
			t.Fatal(err)
		}
		if err := policy.CheckNeeds(s.Details, s.Needs); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		m.Scripts = append(m.Scripts, s)
	}
	raw, err := scriptbundle.Build(m, files)
	if err != nil {
		t.Fatal(err)
	}
	built, err := scriptbundle.Parse(raw)
	if err != nil || len(built.Manifest.Scripts) != len(m.Scripts) {
		t.Fatalf("%d scripts, %v", len(m.Scripts), err)
	}
	for name, text := range files {
		if got, ok := built.File(name); !ok || !bytes.Equal(got, text) {
			t.Errorf("%s is not in the bundle as it is in the folder", name)
		}
	}
}
