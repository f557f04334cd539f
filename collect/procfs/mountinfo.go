package procfs

import (
	"bytes"
	"strings"
)

// A Mount is a line of /proc/PID/mountinfo (proc_pid_mountinfo(5)):
//
//	ID PARENT MAJOR:MINOR ROOT POINT OPTIONS [TAG…] - KIND SOURCE SUPEROPTIONS
//
// Its texts are parts of that line, with their escapes ([Unescape]).
type Mount struct {
	ID, Parent   uint64
	Device       []byte // MAJOR:MINOR of the file system, the same for all its mounts
	Root         []byte // what of the file system is mounted: "/", or a folder or a file of it
	Point        []byte
	Options      []byte // of this mount
	Kind         []byte
	Source       []byte // empty where mount(2) was called with an empty one
	SuperOptions []byte // of the file system
}

// ParseMount parses a line of mountinfo. Exactly one blank separates fields, so the source may be
// empty. ok is false if the line is not of that form.
func ParseMount(line []byte) (m Mount, ok bool) {
	var id, parent []byte
	for _, field := range [...]*[]byte{&id, &parent, &m.Device, &m.Root, &m.Point, &m.Options} {
		if *field, line, ok = bytes.Cut(line, blank); !ok || len(*field) == 0 {
			return Mount{}, false
		}
	}
	for !bytes.HasPrefix(line, []byte("- ")) { // tags
		if _, line, ok = bytes.Cut(line, blank); !ok {
			return Mount{}, false
		}
	}
	m.Kind, line, _ = bytes.Cut(line[len("- "):], blank)
	if m.Source, line, ok = bytes.Cut(line, blank); !ok || len(m.Kind) == 0 {
		return Mount{}, false
	}
	// Some file systems do not escape blanks in their options; the first ones are the kernel's own.
	m.SuperOptions, _, _ = bytes.Cut(line, blank)
	if !parseCounter(id, &m.ID) || !parseCounter(parent, &m.Parent) {
		return Mount{}, false
	}
	return m, true
}

// AllOptions joins the options of the mount and of its file system, as /proc/mounts does: ro where
// either is, and that or rw first.
func (m Mount) AllOptions() (options string, readOnly bool) {
	var b strings.Builder
	b.Grow(len(m.Options) + len(m.SuperOptions) + 1)
	for _, list := range [...]string{string(m.Options), string(m.SuperOptions)} {
		for option := range strings.SplitSeq(list, ",") {
			switch option {
			case "ro":
				readOnly = true
			case "rw", "":
			default:
				b.WriteByte(',')
				b.WriteString(option)
			}
		}
	}
	if readOnly {
		return "ro" + b.String(), true
	}
	return "rw" + b.String(), false
}

var blank = []byte(" ")

// Unescape decodes the octal escapes of the mount table: \040 for a blank.
func Unescape(s []byte) []byte {
	if bytes.IndexByte(s, '\\') < 0 {
		return s
	}
	out := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+3 < len(s) && isOctal(s[i+1:i+4]) {
			out = append(out, (s[i+1]-'0')<<6+(s[i+2]-'0')<<3+(s[i+3]-'0'))
			i += 3
			continue
		}
		out = append(out, s[i])
	}
	return out
}

func isOctal(s []byte) bool {
	return s[0] >= '0' && s[0] <= '3' && s[1] >= '0' && s[1] <= '7' && s[2] >= '0' && s[2] <= '7'
}
