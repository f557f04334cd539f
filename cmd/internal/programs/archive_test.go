package programs

import (
	"archive/zip"
	"bytes"
	"errors"
	"strings"
	"testing"
)

func sample() (Manifest, map[string][]byte) {
	return Manifest{Version: "0.10.0", Commit: "4f2c1d", OS: "linux", Arch: "amd64"},
		map[string][]byte{"virgo": []byte("the program"), "virgo-run": bytes.Repeat([]byte("another"), 1000)}
}

func packed(t testing.TB) []byte {
	t.Helper()
	m, programs := sample()
	b, err := Pack(m, programs)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestPackAndOpen(t *testing.T) {
	b := packed(t)
	if !bytes.Equal(b, packed(t)) {
		t.Error("equal programs make other bytes")
	}
	a, err := Open(b)
	if err != nil {
		t.Fatal(err)
	}
	if got := a.Manifest.Name(); got != "0.10.0-4f2c1d" {
		t.Errorf("version %s", got)
	}
	_, programs := sample()
	for name, want := range programs {
		if got, err := a.Program(name); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s: %d bytes, %v", name, len(got), err)
		}
	}
	if _, err := a.Program("other"); !errors.Is(err, ErrArchive) {
		t.Errorf("a program that is not there: %v", err)
	}
}

// rezip makes a zip of entries by archive/zip.
func rezip(t *testing.T, entries ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for i := 0; i < len(entries); i += 2 {
		e, err := w.Create(entries[i])
		if err == nil {
			_, err = e.Write([]byte(entries[i+1]))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestOpenRefuses(t *testing.T) {
	a, err := Open(packed(t))
	if err != nil {
		t.Fatal(err)
	}
	text, err := readEntry(mustZip(t, packed(t)).File[0], maxManifestBytes)
	if err != nil {
		t.Fatal(err)
	}
	manifest := string(text)
	change := func(old, new string) string {
		if !strings.Contains(manifest, old) {
			t.Fatalf("no %s in %s", old, manifest)
		}
		return strings.Replace(manifest, old, new, 1)
	}
	virgo, _ := a.Program("virgo")
	run, _ := a.Program("virgo-run")
	with := func(manifest string) []byte {
		return rezip(t, manifestName, manifest, "virgo", string(virgo), "virgo-run", string(run))
	}
	for name, c := range map[string]struct {
		file []byte
		want string
	}{
		"no zip":         {[]byte("hello"), "not a valid zip file"},
		"empty":          {nil, "not a valid zip file"},
		"too large":      {make([]byte, MaxArchiveBytes+1), "at most 134217728"},
		"one more":       {rezip(t, manifestName, manifest, "virgo", string(virgo), "virgo-run", string(run), "x", "y"), "and nothing else"},
		"no manifest":    {rezip(t, "virgo", string(virgo), "virgo-run", string(run), "x", "y"), "and nothing else"},
		"other order":    {rezip(t, manifestName, manifest, "virgo-run", string(run), "virgo", string(virgo)), `entry 2 is not "virgo"`},
		"a path":         {rezip(t, manifestName, manifest, "../virgo", string(virgo), "virgo-run", string(run)), `entry 2 is not "virgo"`},
		"other size":     {rezip(t, manifestName, manifest, "virgo", string(virgo)+"x", "virgo-run", string(run)), `entry 2 is not "virgo"`},
		"long manifest":  {with(manifest + strings.Repeat(" ", maxManifestBytes)), "more than 4096 bytes"},
		"unknown key":    {with(change(`"version"`, `"hook":1,"version"`)), "unknown field"},
		"later format":   {with(change(`"format":1`, `"format":2`)), "format 2; this virgo knows format 1"},
		"version":        {with(change("0.10.0", "../x")), "is not a version"},
		"metadata":       {with(change("0.10.0", "0.10.0+x")), "build metadata"},
		"commit":         {with(change("4f2c1d", "../../")), "is not hexadecimal"},
		"system":         {with(change(`"linux"`, `"../x"`)), "no name of a system"},
		"third program":  {with(change(`"files":[`, `"files":[{"name":"x","bytes":1,"sha256":""},`)), "3 files"},
		"other program":  {with(change(`"virgo-run"`, `"sh"`)), `file "sh"`},
		"huge program":   {with(change(`"bytes":11`, `"bytes":99999999999`)), "at most 67108864"},
		"empty program":  {with(change(`"bytes":11`, `"bytes":0`)), "file \"virgo\" of 0 bytes"},
		"for other zips": {packedFor(t, "windows"), ""},
	} {
		a, err := Open(c.file)
		if c.want == "" {
			if err != nil || a.Manifest.Files[0].Name != "virgo.exe" {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		if !errors.Is(err, ErrArchive) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}

	// What is inside is not what the manifest says.
	a, err = Open(rezip(t, manifestName, manifest, "virgo", "the progrAm", "virgo-run", string(run)))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := a.Program("virgo"); !errors.Is(err, ErrArchive) || !strings.Contains(err.Error(), "SHA-256") {
		t.Errorf("a changed program: %v", err)
	}
}

func packedFor(t *testing.T, system string) []byte {
	t.Helper()
	b, err := Pack(Manifest{Version: "1.0.0", OS: system, Arch: "amd64"}, map[string][]byte{"virgo.exe": []byte("a"), "virgo-run.exe": []byte("b")})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func mustZip(t *testing.T, b []byte) *zip.Reader {
	t.Helper()
	r, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestPackRefuses(t *testing.T) {
	m, programs := sample()
	delete(programs, "virgo-run")
	if _, err := Pack(m, programs); err == nil {
		t.Error("an archive with one program")
	}
	m, programs = sample()
	m.Version = "new"
	if _, err := Pack(m, programs); err == nil {
		t.Error("an archive of no version")
	}
}

func FuzzOpen(f *testing.F) {
	f.Add(packed(f))
	f.Fuzz(func(t *testing.T, b []byte) {
		a, err := Open(b)
		if err != nil {
			if !errors.Is(err, ErrArchive) {
				t.Errorf("%v", err)
			}
			return
		}
		if name := a.Manifest.Name(); strings.ContainsAny(name, "/\\") || strings.Contains(name, "..") {
			t.Errorf("a folder %q", name)
		}
		for _, file := range a.Manifest.Files {
			if b, err := a.Program(file.Name); err == nil && int64(len(b)) != file.Bytes {
				t.Errorf("%d bytes of %d", len(b), file.Bytes)
			}
		}
	})
}
