package programs

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"virgo/schedule/semver"
)

// Limits of an archive.
const (
	MaxArchiveBytes  = 128 << 20
	maxProgramBytes  = 64 << 20
	maxManifestBytes = 4 << 10
	maxCommitBytes   = 40
)

const (
	manifestName = "manifest.json"
	format       = 1
)

// ErrArchive is wrapped by the errors of files that are no archives of programs.
var ErrArchive = errors.New("not an archive of virgo")

// A Manifest is the first entry of an archive.
type Manifest struct {
	Format  int    `json:"format"`
	Version string `json:"version"`
	Commit  string `json:"commit"` // may be empty
	OS      string `json:"os"`
	Arch    string `json:"arch"`
	Files   []File `json:"files"` // the two programs, in this order
}

// A File is a program.
type File struct {
	Name   string `json:"name"`
	Bytes  int64  `json:"bytes"`
	SHA256 string `json:"sha256"`
}

// Name returns the name of the version's folder.
func (m Manifest) Name() string { return VersionName(m.Version, m.Commit) }

// VersionName returns the name of the folder of a build.
func VersionName(version, commit string) string {
	if commit == "" {
		return version
	}
	return version + "-" + commit
}

// Names returns the names of the files of the agent's programs on a system.
func Names(system string) []string {
	if system == "windows" {
		return []string{"virgo.exe", "virgo-run.exe"}
	}
	return []string{"virgo", "virgo-run"}
}

// Pack returns an archive of two programs by name. Equal programs make equal bytes.
func Pack(m Manifest, programs map[string][]byte) ([]byte, error) {
	m.Format, m.Files = format, nil
	for _, name := range Names(m.OS) {
		b, ok := programs[name]
		if !ok {
			return nil, fmt.Errorf("there is no program %q", name)
		}
		sum := sha256.Sum256(b)
		m.Files = append(m.Files, File{Name: name, Bytes: int64(len(b)), SHA256: hex.EncodeToString(sum[:])})
	}
	if err := m.check(); err != nil {
		return nil, err
	}
	text, err := json.Marshal(m)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	add := func(name string, b []byte) error {
		h := &zip.FileHeader{Name: name, Method: zip.Deflate}
		h.SetMode(0o755)
		e, err := w.CreateHeader(h)
		if err == nil {
			_, err = e.Write(b)
		}
		return err
	}
	err = add(manifestName, append(text, '\n'))
	for _, f := range m.Files {
		if err == nil {
			err = add(f.Name, programs[f.Name])
		}
	}
	if err == nil {
		err = w.Close()
	}
	if err == nil && out.Len() > MaxArchiveBytes {
		err = fmt.Errorf("the archive would have %d bytes; at most %d are allowed", out.Len(), MaxArchiveBytes)
	}
	return out.Bytes(), err
}

// An Archive has the programs of one version for one system.
type Archive struct {
	Manifest Manifest
	entries  []*zip.File
}

// Open reads an archive, whose signature was verified before. Errors wrap [ErrArchive].
func Open(b []byte) (*Archive, error) {
	if len(b) > MaxArchiveBytes {
		return nil, fmt.Errorf("%w: %d bytes; at most %d are allowed", ErrArchive, len(b), MaxArchiveBytes)
	}
	r, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrArchive, err)
	}
	if len(r.File) != 3 || r.File[0].Name != manifestName {
		return nil, fmt.Errorf("%w: it must have %s and two programs, and nothing else", ErrArchive, manifestName)
	}
	text, err := readEntry(r.File[0], maxManifestBytes)
	if err != nil {
		return nil, err
	}
	a := &Archive{entries: r.File[1:]}
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&a.Manifest); err != nil {
		return nil, fmt.Errorf("%w: %s: %w", ErrArchive, manifestName, err)
	}
	if err := a.Manifest.check(); err != nil {
		return nil, fmt.Errorf("%w: %s: %w", ErrArchive, manifestName, err)
	}
	for i, f := range a.Manifest.Files {
		if e := a.entries[i]; e.Name != f.Name || e.UncompressedSize64 != uint64(f.Bytes) {
			return nil, fmt.Errorf("%w: entry %d is not %q of %d bytes", ErrArchive, i+2, f.Name, f.Bytes)
		}
	}
	return a, nil
}

// check returns the first mistake.
func (m Manifest) check() error {
	if m.Format != format {
		return fmt.Errorf("format %d; this virgo knows format %d", m.Format, format)
	}
	v, err := semver.Parse(m.Version)
	if err != nil {
		return err
	}
	if v.Build() != "" {
		return fmt.Errorf("version %q: build metadata (+…) is not allowed", m.Version)
	}
	if len(m.Commit) > maxCommitBytes || strings.Trim(m.Commit, "0123456789abcdef") != "" {
		return fmt.Errorf("commit %.60q is not hexadecimal", m.Commit)
	}
	for _, word := range []string{m.OS, m.Arch} {
		if word == "" || len(word) > 16 || strings.Trim(word, "abcdefghijklmnopqrstuvwxyz0123456789") != "" {
			return fmt.Errorf("%.20q is no name of a system or a processor", word)
		}
	}
	names := Names(m.OS)
	if len(m.Files) != len(names) {
		return fmt.Errorf("%d files; want %q", len(m.Files), names)
	}
	for i, f := range m.Files {
		if f.Name != names[i] || f.Bytes <= 0 || f.Bytes > maxProgramBytes {
			return fmt.Errorf("file %.40q of %d bytes; want %q of at most %d",
				f.Name, f.Bytes, names[i], maxProgramBytes)
		}
	}
	return nil
}

// readEntry reads an entry that may have at most that many bytes, whatever it says of itself.
func readEntry(e *zip.File, most int64) ([]byte, error) {
	in, err := e.Open()
	if err != nil {
		return nil, fmt.Errorf("%w: %q: %w", ErrArchive, e.Name, err)
	}
	defer in.Close()
	b, err := io.ReadAll(io.LimitReader(in, most+1))
	if err != nil {
		return nil, fmt.Errorf("%w: %q: %w", ErrArchive, e.Name, err)
	}
	if int64(len(b)) > most {
		return nil, fmt.Errorf("%w: %q has more than %d bytes", ErrArchive, e.Name, most)
	}
	return b, nil
}

// Program returns the bytes of a program, which are those that the manifest says.
func (a *Archive) Program(name string) ([]byte, error) {
	for i, f := range a.Manifest.Files {
		if f.Name != name {
			continue
		}
		b, err := readEntry(a.entries[i], f.Bytes)
		if err != nil {
			return nil, err
		}
		if sum := sha256.Sum256(b); hex.EncodeToString(sum[:]) != f.SHA256 {
			return nil, fmt.Errorf("%w: %q: its SHA-256 is not what %s says", ErrArchive, name, manifestName)
		}
		return b, nil
	}
	return nil, fmt.Errorf("%w: there is no %q", ErrArchive, name)
}
