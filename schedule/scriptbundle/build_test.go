package scriptbundle

import (
	"archive/zip"
	"bytes"
	"encoding/hex"
	"io"
	"maps"
	"reflect"
	"strings"
	"testing"

	"virgo/schedule"
	"virgo/schedule/capability"
	"virgo/schedule/detail"
)

// sample returns a manifest with two scripts, and its files.
func sample() (Manifest, map[string][]byte) {
	return Manifest{
			Name: "standard", Version: "1.4.0", Agent: "0.9.0",
			Scripts: []Script{
				{File: "mounts.lua", Type: "script.mounts", Summary: "mounts that should be there", Needs: capability.Set{
					capability.Files: {"/proc/self/mountinfo", "/etc/fstab", "/etc/fstab"},
				}, Systems: []string{"linux"}},
				{
					File: "containers.lua", Type: "script.containers", Summary: "containers: their state & health",
					Details: []schedule.Detail{
						{Name: "socket", Summary: "of docker", Kind: detail.Path, Role: schedule.Path, Default: "/run/docker.sock"},
						{Name: "warn", Kind: detail.Integer, Role: schedule.Free, Min: 1, Max: 100, Default: "80"},
						{Name: "which", Kind: detail.Choice, Role: schedule.Other, Choices: []string{"all", "running"}, Required: true},
					},
					Needs:      capability.Set{capability.Unix: {"${socket}"}, capability.Files: {}},
					KeyMetrics: []string{"running"},
				},
			},
		}, map[string][]byte{
			"mounts.lua":        []byte("return check {}\n"),
			"containers.lua":    []byte("local p = require \"lib.parse\"\n"),
			"lib/parse.lua":     []byte("return {}\n"),
			"doc/containers.md": []byte("# containers\n"),
			"data/units.json":   {},
		}
}

func buildSample(t testing.TB) []byte {
	t.Helper()
	m, files := sample()
	b, err := Build(m, files)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestBuildAndParse(t *testing.T) {
	m, files := sample()
	raw := buildSample(t)
	b, err := Parse(raw)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range files {
		if got, ok := b.File(name); !ok || !bytes.Equal(got, want) {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	if _, ok := b.File("other.lua"); ok {
		t.Error("a file that is not in the bundle")
	}
	for _, want := range m.Scripts {
		got, ok := b.Manifest.Script(want.Type)
		if !ok || !got.Equal(want) {
			t.Errorf("%+v, want %+v", got, want)
		}
	}
	def, ok := b.Manifest.Definition("script.containers")
	if !ok || len(def.Details) != 3 || def.Details[1].Default != "80" || def.Type != "script.containers" {
		t.Errorf("definition: %+v", def)
	}
	if _, ok := b.Manifest.Definition("script.x"); ok {
		t.Error("a definition of a type that is not there")
	}
	again, err := Build(b.Manifest, files)
	if err != nil || !bytes.Equal(again, raw) {
		t.Errorf("built again from what was read, the bytes differ: %v", err)
	}
	if got := b.Manifest.FileName(); got != "standard-1.4.0.zip" {
		t.Error(got)
	}
	for name, read := range map[string]func(io.ReaderAt, int64) (Manifest, error){"ReadManifest": ReadManifest, "ReadParsed": ReadParsed} {
		if m, err := read(bytes.NewReader(raw), int64(len(raw))); err != nil || !reflect.DeepEqual(m, b.Manifest) {
			t.Errorf("%s: %+v, %v", name, m, err)
		}
	}
}

// The bytes of a bundle never change with a version of the program: signatures of released bundles hold them.
func TestGoldenBytes(t *testing.T) {
	const want = "7e11344a8b48"
	b, err := Parse(buildSample(t))
	if err != nil {
		t.Fatal(err)
	}
	if got := hex.EncodeToString(b.SHA256[:6]); got != want {
		t.Errorf("SHA-256 %s…, want %s…", got, want)
	}
}

func TestBuildDoesNotDependOnOrder(t *testing.T) {
	m, files := sample()
	want := buildSample(t)
	m.Scripts[0], m.Scripts[1] = m.Scripts[1], m.Scripts[0]
	m.Scripts[1].Needs = capability.Set{capability.Files: {"/etc/fstab", "/proc/self/mountinfo"}}
	got, err := Build(m, maps.Clone(files))
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("other bytes in another order: %v", err)
	}
	if m.Scripts[0].File != "containers.lua" {
		t.Error("Build changed its caller's manifest")
	}
}

// TestZipPackageOpensIt shows that what Build writes is a zip for others as well.
func TestZipPackageOpensIt(t *testing.T) {
	raw := buildSample(t)
	_, files := sample()
	r, err := zip.NewReader(bytes.NewReader(raw), int64(len(raw)))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, f := range r.File {
		names = append(names, f.Name)
		in, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(in)
		if err != nil {
			t.Fatal(err)
		}
		if f.Name != ManifestName && !bytes.Equal(text, files[f.Name]) {
			t.Errorf("%s: %q", f.Name, text)
		}
		if !f.Mode().IsRegular() {
			t.Errorf("%s: mode %v", f.Name, f.Mode())
		}
	}
	want := "manifest.json containers.lua data/units.json doc/containers.md lib/parse.lua mounts.lua"
	if got := strings.Join(names, " "); got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

func TestBuildRefuses(t *testing.T) {
	big := bytes.Repeat([]byte("x"), MaxScriptBytes)
	for name, c := range map[string]struct {
		change func(m *Manifest, files map[string][]byte)
		want   string
	}{
		"version":      {func(m *Manifest, _ map[string][]byte) { m.Version = "v1" }, `"v1" is not a version`},
		"metadata":     {func(m *Manifest, _ map[string][]byte) { m.Version = "1.0.0+a" }, "build metadata"},
		"agent":        {func(m *Manifest, _ map[string][]byte) { m.Agent = "new" }, "least version of the agent"},
		"bundle name":  {func(m *Manifest, _ map[string][]byte) { m.Name = "a/b" }, `bundle name "a/b"`},
		"no name":      {func(m *Manifest, _ map[string][]byte) { m.Name = "" }, `bundle name ""`},
		"undeclared":   {func(_ *Manifest, f map[string][]byte) { f["x.lua"] = nil }, `file "x.lua" is not declared`},
		"no file":      {func(_ *Manifest, f map[string][]byte) { delete(f, "mounts.lua") }, `script "mounts.lua" has no file`},
		"two scripts":  {func(m *Manifest, _ map[string][]byte) { m.Scripts = append(m.Scripts, m.Scripts[0]) }, "there twice"},
		"upper case":   {func(_ *Manifest, f map[string][]byte) { f["X.lua"] = nil }, "a-z, 0-9 and _"},
		"case double":  {func(_ *Manifest, f map[string][]byte) { f["lib/Parse.lua"] = nil }, "differs from"},
		"path":         {func(_ *Manifest, f map[string][]byte) { f["../x.lua"] = nil }, "it must be NAME.lua"},
		"absolute":     {func(_ *Manifest, f map[string][]byte) { f["/x.lua"] = nil }, "it must be NAME.lua"},
		"backslash":    {func(_ *Manifest, f map[string][]byte) { f[`lib\x.lua`] = nil }, "a-z, 0-9 and _"},
		"three levels": {func(_ *Manifest, f map[string][]byte) { f["lib/a/x.lua"] = nil }, "a-z, 0-9 and _"},
		"extension":    {func(_ *Manifest, f map[string][]byte) { f["lib/x.so"] = nil }, "it must be NAME.lua"},
		"test":         {func(_ *Manifest, f map[string][]byte) { f["x_test.lua"] = nil }, "tests"},
		"device":       {func(_ *Manifest, f map[string][]byte) { f["data/com1.json"] = nil }, "device on Windows"},
		"long name":    {func(_ *Manifest, f map[string][]byte) { f[strings.Repeat("x", 97)+".lua"] = nil }, "101 bytes"},
		"large file":   {func(_ *Manifest, f map[string][]byte) { f["lib/x.lua"] = append(big, 'x') }, "at most 262144"},
		"large bundle": {func(_ *Manifest, f map[string][]byte) {
			for c := range 33 {
				f["lib/x"+strings.Repeat("a", c)+".lua"] = big
			}
		}, "at most 8388608"},
		"many files": {func(_ *Manifest, f map[string][]byte) {
			for i := range MaxEntries {
				f["lib/x"+strings.Repeat("a", i%80)+strings.Repeat("b", i/80)+".lua"] = nil
			}
		}, "at most 999"},
		"manifest": {func(m *Manifest, _ map[string][]byte) {
			for i := range 64 {
				m.Scripts[0].Needs[capability.Files] = append(m.Scripts[0].Needs[capability.Files], strings.Repeat("y", 1000+i%24))
			}
		}, "67 patterns"},
	} {
		m, files := sample()
		c.change(&m, files)
		_, err := Build(m, files)
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.HasPrefix(err.Error(), "not a bundle: ") {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}

func TestCheckAgent(t *testing.T) {
	for _, c := range []struct{ needs, has, want string }{
		{"", "0.1.0", ""},
		{"0.9.0", "0.9.0", ""},
		{"0.9.0", "0.9.0-dev", ""},
		{"0.9.0", "0.10.0", ""},
		{"0.9.0", "our-own", ""},
		{"0.10.0", "0.9.9", "the bundle needs virgo 0.10.0, and this is 0.9.9"},
	} {
		err := Manifest{Agent: c.needs}.CheckAgent(c.has)
		if (err == nil) != (c.want == "") || err != nil && err.Error() != c.want {
			t.Errorf("%s for %s: %v, want %q", c.needs, c.has, err, c.want)
		}
	}
}
