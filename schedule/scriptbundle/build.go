package scriptbundle

import (
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"slices"
	"strings"
)

// Build returns the bytes of a bundle. The manifest says everything but Format and Files, with a
// script for each Lua file that is in no folder. Equal manifests and files make equal bytes.
// Error: *FormatError.
func Build(m Manifest, files map[string][]byte) ([]byte, error) {
	m.Format = Format
	m.Files = nil
	m.Scripts = slices.Clone(m.Scripts)
	slices.SortFunc(m.Scripts, func(a, b Script) int { return strings.Compare(a.File, b.File) })
	entries := []entry{{name: ManifestName}}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		sum := sha256.Sum256(files[name])
		m.Files = append(m.Files, File{Name: name, Bytes: int64(len(files[name])), SHA256: hex.EncodeToString(sum[:])})
		entries = append(entries, entry{name: name, data: files[name]})
	}
	if err := m.validate(); err != nil {
		return nil, wrong(noOffset, "%s", err)
	}
	text, err := m.encode()
	if err != nil {
		return nil, wrong(noOffset, "%s: %s", ManifestName, err)
	}
	if len(text) > MaxManifestBytes {
		return nil, wrong(noOffset, "%s would have %d bytes; at most %d are allowed",
			ManifestName, len(text), MaxManifestBytes)
	}
	entries[0].data = text
	b := encodeZip(entries)
	if len(b) > MaxBundleBytes {
		return nil, wrong(noOffset, "%d bytes; at most %d are allowed", len(b), MaxBundleBytes)
	}
	return b, nil
}

func encodeZip(entries []entry) []byte {
	var b []byte
	for i := range entries {
		entries[i].at = len(b)
		b = appendLocal(b, entries[i])
	}
	for _, p := range tail(entries, len(b)) {
		b = append(appendFields(b, p.fields), p.text...)
	}
	return b
}
