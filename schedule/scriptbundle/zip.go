package scriptbundle

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
)

// The structures of a zip file (APPNOTE.TXT 4.3), in the one form that they have in a bundle.
const (
	localSignature     = 0x04034b50
	directorySignature = 0x02014b50
	endSignature       = 0x06054b50
	localBytes         = 30
	directoryBytes     = 46
	endBytes           = 22
	zipVersion         = 10     // 1.0: a file that is stored
	madeBy             = 20     // by MS-DOS, so that attributes are none of Unix
	noDate             = 0x0021 // 1980-01-01, the least there is
)

// An entry is one file in a zip.
type entry struct {
	name string
	data []byte
	at   int // where its local header is
}

// A field is one number of a header.
type field struct {
	name  string
	bytes int
	value uint32
}

// localHeader returns the fields before an entry's name and bytes.
func localHeader(name string, data []byte) []field {
	return []field{
		{"signature", 4, localSignature},
		{"version", 2, zipVersion},
		{"flags", 2, 0},
		{"method", 2, 0},
		{"time", 2, 0},
		{"date", 2, noDate},
		{"checksum", 4, crc32.ChecksumIEEE(data)},
		{"compressed size", 4, uint32(len(data))},
		{"size", 4, uint32(len(data))},
		{"length of the name", 2, uint32(len(name))},
		{"length of extra fields", 2, 0},
	}
}

// directoryHeader returns the fields before an entry's name in the directory.
func directoryHeader(e entry) []field {
	return []field{
		{"signature", 4, directorySignature},
		{"maker", 2, madeBy},
		{"version", 2, zipVersion},
		{"flags", 2, 0},
		{"method", 2, 0},
		{"time", 2, 0},
		{"date", 2, noDate},
		{"checksum", 4, crc32.ChecksumIEEE(e.data)},
		{"compressed size", 4, uint32(len(e.data))},
		{"size", 4, uint32(len(e.data))},
		{"length of the name", 2, uint32(len(e.name))},
		{"length of extra fields", 2, 0},
		{"length of the comment", 2, 0},
		{"number of the disk", 2, 0},
		{"internal attributes", 2, 0},
		{"attributes (a link, a folder, permissions)", 4, 0},
		{"offset", 4, uint32(e.at)},
	}
}

// endRecord returns the fields at the end of the file.
func endRecord(entries, directoryAt, directorySize int) []field {
	return []field{
		{"signature", 4, endSignature},
		{"number of the disk", 2, 0},
		{"disk of the directory", 2, 0},
		{"number of entries on the disk", 2, uint32(entries)},
		{"number of entries", 2, uint32(entries)},
		{"size of the directory", 4, uint32(directorySize)},
		{"offset of the directory", 4, uint32(directoryAt)},
		{"length of the comment", 2, 0},
	}
}

func appendFields(b []byte, fields []field) []byte {
	for _, f := range fields {
		if f.bytes == 2 {
			b = binary.LittleEndian.AppendUint16(b, uint16(f.value))
		} else {
			b = binary.LittleEndian.AppendUint32(b, f.value)
		}
	}
	return b
}

func appendLocal(b []byte, e entry) []byte {
	b = appendFields(b, localHeader(e.name, e.data))
	b = append(b, e.name...)
	return append(b, e.data...)
}

// A part is a piece of the end of a file, with what it is called in messages.
type part struct {
	name   string
	fields []field
	text   string // after the fields
}

// tail returns what follows the entries, which end at byte at.
func tail(entries []entry, at int) []part {
	var parts []part
	size := 0
	for i, e := range entries {
		what := fmt.Sprintf("entry %d of the directory, %q", i+1, e.name)
		parts = append(parts, part{what, directoryHeader(e), e.name})
		size += directoryBytes + len(e.name)
	}
	return append(parts, part{"the end of the directory", endRecord(len(entries), at, size), ""})
}

// compareTail compares the end of a file, which begins at byte at, with what it has to be, and
// names the field that differs.
func compareTail(b []byte, at int, parts []part) error {
	for _, p := range parts {
		for _, f := range p.fields {
			want := appendFields(nil, []field{f})
			if len(b)-at < len(want) {
				return wrong(at, "the file ends within %s", p.name)
			}
			if !bytes.Equal(b[at:at+len(want)], want) {
				return wrong(at, "%s: %s: not what a bundle has here", p.name, f.name)
			}
			at += len(want)
		}
		if !bytes.HasPrefix(b[at:], []byte(p.text)) {
			return wrong(at, "%s: another name than before the entry's bytes", p.name)
		}
		at += len(p.text)
	}
	if at < len(b) {
		return wrong(at, "%d bytes follow the end", len(b)-at)
	}
	return nil
}
