package footprint

import (
	"bytes"
	"os"
	"strconv"
	"unsafe"

	"golang.org/x/sys/unix"
)

// mapsBytes is enough for the first lines of /proc/self/maps, which are the program's own mappings.
const mapsBytes = 1 << 10

// GiveBack tells the kernel that the program's own code and constants are not needed just now. Where
// anything about the program is not as expected it does nothing: this is thrift, not function.
//
// It touches only mappings of the program's file that cannot be written, and only of a program linked at
// a fixed address (ET_EXEC): one that is relocated has read-only pages that differ from the file, which
// madvise(2) with MADV_DONTNEED would lose.
func GiveBack() {
	f, err := os.Open("/proc/self/maps")
	if err != nil {
		return
	}
	defer f.Close()
	var buf [mapsBytes]byte
	n, err := f.Read(buf[:])
	if err != nil {
		return
	}
	lines := bytes.SplitN(buf[:n], []byte("\n"), 4)
	if len(lines) < 4 {
		return
	}
	text, ok := parseMapping(lines[0])
	if !ok || text.offset != 0 || !text.executable || !fixedAddress(text) {
		return
	}
	constants, ok := parseMapping(lines[1])
	if !ok || constants.executable || constants.writable || constants.inode != text.inode || constants.start != text.end {
		return
	}
	for _, m := range [...]mapping{text, constants} {
		_ = unix.Madvise(m.bytes(), unix.MADV_DONTNEED)
	}
}

// A mapping is one line of proc_pid_maps(5).
type mapping struct {
	start, end           uintptr
	offset, inode        uint64
	writable, executable bool
}

func (m mapping) bytes() []byte {
	return unsafe.Slice((*byte)(unsafe.Add(unsafe.Pointer(nil), m.start)), m.end-m.start)
}

func parseMapping(line []byte) (mapping, bool) {
	fields := bytes.Fields(line)
	if len(fields) < 6 || len(fields[1]) != 4 {
		return mapping{}, false
	}
	from, to, ok := bytes.Cut(fields[0], []byte("-"))
	start, err1 := strconv.ParseUint(string(from), 16, 64)
	end, err2 := strconv.ParseUint(string(to), 16, 64)
	offset, err3 := strconv.ParseUint(string(fields[2]), 16, 64)
	inode, err4 := strconv.ParseUint(string(fields[4]), 10, 64)
	if !ok || err1 != nil || err2 != nil || err3 != nil || err4 != nil || end <= start || inode == 0 {
		return mapping{}, false
	}
	perms := fields[1]
	return mapping{
		start: uintptr(start), end: uintptr(end), offset: offset, inode: inode,
		writable: perms[1] == 'w', executable: perms[2] == 'x',
	}, true
}

// fixedAddress reads e_type of the ELF header that the first mapping begins with, see elf(5).
func fixedAddress(text mapping) bool {
	const typeAt, etExec = 16, 2
	header := text.bytes()[:64]
	return bytes.HasPrefix(header, []byte("\x7fELF")) &&
		(header[typeAt] == etExec && header[typeAt+1] == 0 || header[typeAt] == 0 && header[typeAt+1] == etExec)
}
