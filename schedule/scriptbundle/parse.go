package scriptbundle

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"hash/crc32"
	"io"
	"slices"
	"strings"
)

// A Bundle is a file that Parse has read.
type Bundle struct {
	Manifest Manifest
	SHA256   [sha256.Size]byte // of the whole file

	files map[string][]byte
}

// File returns the bytes of a file, which must not be changed.
func (b *Bundle) File(name string) (text []byte, ok bool) {
	text, ok = b.files[name]
	return text, ok
}

// Parse reads a bundle and verifies everything that it says about itself; who made it, package
// signature says. The bundle refers to b, which must not be changed later. Error: *FormatError.
func Parse(b []byte) (*Bundle, error) {
	if len(b) > MaxBundleBytes {
		return nil, wrong(MaxBundleBytes, "it has %d bytes; at most %d are allowed", len(b), MaxBundleBytes)
	}
	entries, end, err := readEntries(b)
	if err != nil {
		return nil, err
	}
	m, err := decodeManifest(entries[0].data)
	if err != nil {
		return nil, err
	}
	if err := compareFiles(m.Files, entries[1:]); err != nil {
		return nil, err
	}
	if err := compareTail(b, end, tail(entries, end)); err != nil {
		return nil, err
	}
	bundle := &Bundle{Manifest: m, SHA256: sha256.Sum256(b), files: make(map[string][]byte, len(m.Files))}
	for _, e := range entries[1:] {
		bundle.files[e.name] = slices.Clip(e.data)
	}
	return bundle, nil
}

// readEntries reads the entries from byte 0 on, as long as one follows, and returns where they end.
// The first one is the manifest.
func readEntries(b []byte) (entries []entry, at int, err error) {
	seen := make(map[string]string) // by the name in lower case
	for at == 0 || len(b)-at >= 4 && binary.LittleEndian.Uint32(b[at:]) == localSignature {
		if len(entries) == MaxEntries {
			return nil, 0, wrong(at, "more than %d entries", MaxEntries)
		}
		e, err := readEntry(b, at, len(entries)+1)
		if err != nil {
			return nil, 0, err
		}
		if twin, ok := seen[strings.ToLower(e.name)]; ok {
			return nil, 0, wrong(at, "entry %d: %s", len(entries)+1, twice(e.name, twin))
		}
		seen[strings.ToLower(e.name)] = e.name
		if err := validEntry(e, entries); err != nil {
			return nil, 0, err
		}
		entries = append(entries, e)
		at += localBytes + len(e.name) + len(e.data)
	}
	return entries, at, nil
}

// validEntry returns an error for an entry that may not follow those before it.
func validEntry(e entry, before []entry) error {
	n := len(before) + 1
	if n == 1 {
		if e.name != ManifestName {
			return wrong(e.at, "entry 1 is %q; it must be %q", e.name, ManifestName)
		}
		return nil
	}
	if err := ValidName(e.name); err != nil {
		return wrong(e.at, "entry %d %q: %s", n, e.name, err)
	}
	if n > 2 && before[n-2].name > e.name {
		return wrong(e.at, "entry %d %q: entries are not in the order of their names", n, e.name)
	}
	return nil
}

// readEntry reads the nth entry, which begins at byte at.
func readEntry(b []byte, at, n int) (entry, error) {
	if len(b)-at < localBytes {
		return entry{}, wrong(at, "no zip file: it ends within the header of entry %d", n)
	}
	h := b[at : at+localBytes]
	if binary.LittleEndian.Uint32(h) != localSignature {
		return entry{}, wrong(at, "no zip file, or something stands before its first entry")
	}
	nameBytes := int(binary.LittleEndian.Uint16(h[26:]))
	if nameBytes > MaxNameBytes {
		return entry{}, wrong(at+26, "entry %d: its name has %d bytes; at most %d are allowed",
			n, nameBytes, MaxNameBytes)
	}
	if len(b)-at < localBytes+nameBytes {
		return entry{}, wrong(at, "the file ends within the name of entry %d", n)
	}
	name := string(b[at+localBytes : at+localBytes+nameBytes])
	if off, text := oddHeader(h); text != "" {
		return entry{}, wrong(at+off, "entry %d %q %s", n, name, text)
	}
	size := int64(binary.LittleEndian.Uint32(h[22:]))
	if most := maxEntryBytes(n); size > most {
		return entry{}, wrong(at+22, "entry %d %q has %d bytes; at most %d are allowed", n, name, size, most)
	}
	from := at + localBytes + nameBytes
	if int64(len(b)-from) < size {
		return entry{}, wrong(from, "the file ends within entry %d %q", n, name)
	}
	data := b[from : from+int(size)]
	if crc32.ChecksumIEEE(data) != binary.LittleEndian.Uint32(h[14:]) {
		return entry{}, wrong(at+14, "entry %d %q: its checksum is not that of its bytes", n, name)
	}
	return entry{name: name, data: data, at: at}, nil
}

func maxEntryBytes(n int) int64 {
	if n == 1 {
		return MaxManifestBytes
	}
	return MaxScriptBytes
}

// oddHeader returns what no local header of a bundle has, and at which of its bytes.
func oddHeader(h []byte) (offset int, text string) {
	u16 := func(at int) uint16 { return binary.LittleEndian.Uint16(h[at:]) }
	switch flags := u16(6); {
	case flags&1 != 0:
		return 6, "is encrypted"
	case flags&8 != 0:
		return 6, "has its size behind its bytes (a data descriptor)"
	case flags != 0:
		return 6, "has flags; a bundle's entries have none"
	case u16(8) != 0:
		return 8, "is compressed; a bundle's entries are stored"
	case u16(4) != zipVersion:
		return 4, "is for another version of zip"
	case u16(10) != 0 || u16(12) != noDate:
		return 10, "has a time; a bundle's entries have none"
	case u16(28) != 0:
		return 28, "has extra fields (ZIP64, owners or times)"
	case binary.LittleEndian.Uint32(h[18:]) != binary.LittleEndian.Uint32(h[22:]):
		return 18, "has two different sizes"
	}
	return 0, ""
}

// compareFiles compares the entries after the manifest with what the manifest says.
func compareFiles(files []File, entries []entry) error {
	for i, e := range entries {
		if i >= len(files) || files[i].Name != e.name {
			return wrong(e.at, "entry %d %q is not what %s has in this place", i+2, e.name, ManifestName)
		}
		sum := sha256.Sum256(e.data)
		if files[i].Bytes != int64(len(e.data)) || files[i].SHA256 != hex.EncodeToString(sum[:]) {
			return wrong(e.at, "entry %d %q: size or SHA-256 is not what %s says", i+2, e.name, ManifestName)
		}
	}
	if len(files) > len(entries) {
		return wrong(noOffset, "%q is in %s, and not in the bundle", files[len(entries)].Name, ManifestName)
	}
	return nil
}

// ReadManifest reads the first entry of a bundle of size bytes, and nothing else. Error:
// *FormatError, or that of r.
func ReadManifest(r io.ReaderAt, size int64) (Manifest, error) {
	b, err := readFirst(r, size)
	if err != nil {
		return Manifest{}, err
	}
	e, err := readEntry(b, 0, 1)
	if err != nil {
		return Manifest{}, err
	}
	if err := validEntry(e, nil); err != nil {
		return Manifest{}, err
	}
	return decodeManifest(e.data)
}

// ReadParsed is ReadManifest for a file of which the caller knows, by its SHA-256, that Parse has read
// it. It does not validate the manifest once more: virgo-run would be larger by all that this needs.
func ReadParsed(r io.ReaderAt, size int64) (Manifest, error) {
	b, err := readFirst(r, size)
	if err != nil {
		return Manifest{}, err
	}
	w, err := decodeWire(b[headBytes:])
	if err != nil {
		return Manifest{}, wrong(noOffset, "%s: %s", ManifestName, err)
	}
	return w.manifest(), nil
}

// headBytes is the length of what stands before the manifest.
const headBytes = int64(localBytes + len(ManifestName))

// readFirst reads the first entry with its header, by the size that the header has.
func readFirst(r io.ReaderAt, size int64) ([]byte, error) {
	if size > MaxBundleBytes || size < headBytes {
		return nil, wrong(noOffset, "it has %d bytes", size)
	}
	in := io.NewSectionReader(r, 0, size)
	head := make([]byte, headBytes)
	if _, err := io.ReadFull(in, head); err != nil {
		return nil, err
	}
	length := int64(binary.LittleEndian.Uint32(head[22:]))
	if length > MaxManifestBytes || headBytes+length > size {
		return nil, wrong(22, "%s would have %d bytes", ManifestName, length)
	}
	b := append(head, make([]byte, length)...)
	if _, err := io.ReadFull(in, b[headBytes:]); err != nil {
		return nil, err
	}
	return b, nil
}
