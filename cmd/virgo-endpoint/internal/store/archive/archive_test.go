package archive

import (
	"archive/tar"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func accept(name string, size int64) bool {
	return name == "a.db" || strings.HasPrefix(name, "segments/") && size < 1000
}

func write(t *testing.T, names ...string) []byte {
	t.Helper()
	path := filepath.Join(t.TempDir(), "backup.tar")
	w, err := Create(path, time.UnixMilli(1_700_000_000_123))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		if err := w.Add(name, int64(len(name)), strings.NewReader(name+"more")); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
		t.Error("the file is there before it is complete")
	}
	size, err := w.Commit()
	if err != nil {
		t.Fatal(err)
	}
	if list, err := filepath.Glob(path + "*"); len(list) != 1 || err != nil {
		t.Errorf("%q, %v", list, err)
	}
	data, err := os.ReadFile(path)
	if err != nil || int64(len(data)) != size {
		t.Errorf("%d bytes, %v, want %d", len(data), err, size)
	}
	if _, err := Create(path, time.Now()); !errors.Is(err, fs.ErrExist) {
		t.Errorf("the same file again: %v", err)
	}
	return data
}

func TestRoundTrip(t *testing.T) {
	data := write(t, "a.db", "segments/1.db")
	dir := filepath.Join(t.TempDir(), "out")
	head, err := Extract(t.Context(), bytes.NewReader(data), dir, accept)
	if err != nil || head.CreatedMS != 1_700_000_000_123 || head.Created().UnixMilli() != head.CreatedMS {
		t.Fatalf("%+v, %v", head, err)
	}
	for _, name := range []string{"a.db", "segments/1.db"} {
		got, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil || string(got) != name {
			t.Errorf("%q: %q, %v", name, got, err)
		}
		if st, err := os.Stat(filepath.Join(dir, name)); err != nil || st.Mode().Perm()&0o077 != 0 {
			t.Errorf("%q: others can read it", name)
		}
	}
	if _, err := Extract(t.Context(), bytes.NewReader(data), dir, accept); !errors.Is(err, fs.ErrExist) {
		t.Errorf("into a folder that is there: %v", err)
	}
}

// Whatever byte is missing or changed, it is noticed; a block of zeros at the end is only padding.
func TestDamaged(t *testing.T) {
	data := write(t, "a.db", "segments/1.db")
	end := bytes.LastIndex(data, []byte("segments/1.db\n")) + len("segments/1.db\n")
	for n := range end {
		if n%601 != 0 && n < end-10 {
			continue
		}
		if _, err := Extract(t.Context(), bytes.NewReader(data[:n]), filepath.Join(t.TempDir(), "x"), accept); err == nil {
			t.Fatalf("cut after %d of %d bytes: no error", n, end)
		}
	}
	content := bytes.Index(data, []byte("segments/1.db"))
	content = content + bytes.Index(data[content+1:], []byte("segments/1.db")) + 1
	data[content] ^= 1
	if _, err := Extract(t.Context(), bytes.NewReader(data), filepath.Join(t.TempDir(), "x"), accept); !errors.Is(err, ErrChanged) {
		t.Errorf("changed: %v", err)
	}
}

func TestHostile(t *testing.T) {
	for name, h := range map[string]tar.Header{
		"outside":  {Typeflag: tar.TypeReg, Name: "segments/../../x", Size: 1},
		"absolute": {Typeflag: tar.TypeReg, Name: "/etc/x", Size: 1},
		"unknown":  {Typeflag: tar.TypeReg, Name: "other", Size: 1},
		"link":     {Typeflag: tar.TypeSymlink, Name: "a.db", Linkname: "/etc/passwd"},
		"hardlink": {Typeflag: tar.TypeLink, Name: "a.db", Linkname: "/etc/passwd"},
		"folder":   {Typeflag: tar.TypeDir, Name: "segments/x"},
		"twice":    {Typeflag: tar.TypeReg, Name: headName, Size: 1},
		"large":    {Typeflag: tar.TypeReg, Name: "segments/1.db", Size: 1000},
		"long":     {Typeflag: tar.TypeReg, Name: sumsName, Size: maxSums + 1},
	} {
		var b bytes.Buffer
		w := tar.NewWriter(&b)
		head := `{"schema_version":1,"created_ms":1}`
		w.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: headName, Size: int64(len(head))})
		io.WriteString(w, head)
		w.WriteHeader(&h)
		w.Write(make([]byte, min(h.Size, 10)))
		w.Close()
		dir := t.TempDir()
		if _, err := Extract(t.Context(), &b, filepath.Join(dir, "in"), accept); !errors.Is(err, ErrNotBackup) {
			t.Errorf("%s: %v", name, err)
		}
		if list, _ := filepath.Glob(filepath.Join(dir, "*")); len(list) != 1 {
			t.Errorf("%s: %q", name, list)
		}
	}
}

// A file of three blocks that says it is 1 TiB fills no disk and no memory, be it the head or another file.
func TestHoles(t *testing.T) {
	for _, name := range []string{"a.db", headName, sumsName} {
		records := ""
		for _, r := range []string{"GNU.sparse.major=1", "GNU.sparse.minor=0", "GNU.sparse.name=" + name, "GNU.sparse.realsize=1099511627776"} {
			records += paxRecord(r)
		}
		var b bytes.Buffer
		w := tar.NewWriter(&b)
		if name != headName {
			head := `{"schema_version":1,"created_ms":1}`
			w.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: headName, Size: int64(len(head))})
			io.WriteString(w, head)
			w.Flush()
		}
		for _, e := range []struct {
			kind byte
			text string
		}{{tar.TypeXHeader, records}, {tar.TypeReg, "0\n" + strings.Repeat("\x00", 510)}} { // a map of no data
			b.Write(block(t, e.kind, e.text))
		}
		b.Write(make([]byte, 1024))
		if h, err := last(b.Bytes()); err != nil || h.Size != 1<<40 || b.Len() > 4<<10 {
			t.Fatalf("%+v, %v, %d bytes", h, err, b.Len())
		}
		dir := filepath.Join(t.TempDir(), "in")
		if _, err := Extract(t.Context(), &b, dir, accept); !errors.Is(err, ErrNotBackup) {
			t.Errorf("%s: %v", name, err)
		}
		if list, _ := os.ReadDir(dir); len(list) > 0 {
			t.Errorf("%s: written %v", name, list)
		}
	}
}

func paxRecord(text string) string {
	for n := len(text); ; n++ {
		if r := fmt.Sprintf("%d %s\n", n, text); len(r) == n {
			return r
		}
	}
}

// block is a header of its kind, which tar.Writer does not write, and what follows it.
func block(t *testing.T, kind byte, text string) []byte {
	var b bytes.Buffer
	if err := tar.NewWriter(&b).WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: "x", Size: int64(len(text)), Format: tar.FormatUSTAR}); err != nil {
		t.Fatal(err)
	}
	h := b.Bytes()
	h[156] = kind
	copy(h[148:156], "        ")
	sum := 0
	for _, c := range h {
		sum += int(c)
	}
	copy(h[148:156], fmt.Sprintf("%06o\x00 ", sum))
	return append(append(h, text...), make([]byte, -len(text)&511)...)
}

// last is the last header of an archive.
func last(data []byte) (h *tar.Header, err error) {
	r := tar.NewReader(bytes.NewReader(data))
	for {
		next, err := r.Next()
		if err != nil && h != nil {
			return h, nil
		}
		if err != nil {
			return nil, err
		}
		if h = next; h.Size == 1<<40 {
			return h, nil // what follows would be read to its end
		}
	}
}

func TestOtherFiles(t *testing.T) {
	for name, data := range map[string]string{
		"nothing": "", "text": "hello", "a head of a later version": newer(t),
	} {
		_, err := Extract(t.Context(), strings.NewReader(data), filepath.Join(t.TempDir(), "x"), accept)
		if want := map[bool]error{true: ErrNewer, false: ErrNotBackup}[strings.Contains(name, "later")]; !errors.Is(err, want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func newer(t *testing.T) string {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	head := `{"schema_version":2}`
	if err := w.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: headName, Size: int64(len(head))}); err != nil {
		t.Fatal(err)
	}
	io.WriteString(w, head)
	return b.String()
}

func TestAbort(t *testing.T) {
	path := filepath.Join(t.TempDir(), "backup.tar")
	w, err := Create(path, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Add("a.db", 10, strings.NewReader("short")); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Error(err)
	}
	w.Abort()
	if list, _ := filepath.Glob(path + "*"); len(list) != 0 {
		t.Errorf("left: %q", list)
	}
	// What a kill left is replaced.
	if err := os.WriteFile(path+partial, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	if w, err = Create(path, time.Now()); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Commit(); err != nil {
		t.Error(err)
	}
}

func FuzzExtract(f *testing.F) {
	f.Add([]byte("x"))
	f.Fuzz(func(t *testing.T, data []byte) {
		Extract(t.Context(), bytes.NewReader(data), filepath.Join(t.TempDir(), "x"), accept)
	})
}
