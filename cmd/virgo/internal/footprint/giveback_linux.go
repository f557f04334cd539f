package footprint

import (
	"bytes"
	"os"
	"reflect"
	"runtime"
	"strconv"
	"sync"
	"unsafe"

	"golang.org/x/sys/unix"
)

// mapsBytes is enough for the first lines of /proc/self/maps, which are the program's own mappings.
const mapsBytes = 1 << 10

// A Program is this program as it lies in memory. The zero value looks when it is first asked.
type Program struct {
	mu              sync.Mutex
	text, constants mapping
	looked, known   bool
}

// GiveBack tells the kernel that the program's code between two functions is not needed just now, and
// the entries of the tables that describe it. The linker lays a program out package by package, those that are
// imported first come first, so that two functions name a range of packages. Whatever lies there in
// truth comes back when it is called; the order of the two does not matter. Where anything about the program is not as
// expected GiveBack does nothing: this is thrift, not function.
//
// It touches only mappings of the program's file that cannot be written, and only of a program linked at
// a fixed address (ET_EXEC): one that is relocated has read-only pages that differ from the file, which
// madvise(2) with MADV_DONTNEED would lose.
func (p *Program) GiveBack(from, to any) {
	if !p.look() {
		return
	}
	a, b := reflect.ValueOf(from).Pointer(), reflect.ValueOf(to).Pointer()
	p.text.release(a, b)
	// A *runtime.Func points into the table of functions, which is in the order of the code.
	p.constants.release(uintptr(unsafe.Pointer(runtime.FuncForPC(a))), uintptr(unsafe.Pointer(runtime.FuncForPC(b))))
}

// GiveBackTables does so for the tables that the runtime unwinds stacks with, nearly a third of the program: a stack
// that grows reads what it needs of them anew.
func (p *Program) GiveBackTables() {
	if !p.look() {
		return
	}
	// The functions' names stand first in these tables, in the order of the code; the first few bytes of the code are
	// no function's.
	first := runtime.FuncForPC(p.text.start + firstCode)
	if first == nil {
		return
	}
	p.constants.release(uintptr(unsafe.Pointer(unsafe.StringData(first.Name()))), p.constants.end)
}

// GiveBackAll does so for the whole program, before a part that is long enough for its faults not to matter.
func (p *Program) GiveBackAll() {
	if p.look() {
		p.text.release(p.text.start, p.text.end)
		p.constants.release(p.constants.start, p.constants.end)
	}
}

// firstCode is near the start of the code, and past what the linker puts before it.
const firstCode = 16 << 10

// look finds the program's mappings; false where they are not as expected.
func (p *Program) look() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.looked {
		p.looked = true
		p.text, p.constants, p.known = program()
	}
	return p.known
}

// release gives back the whole pages between two addresses of the mapping.
func (m mapping) release(a, b uintptr) {
	a, b = min(a, b), max(a, b)
	if a < m.start || b > m.end {
		return
	}
	page := uintptr(os.Getpagesize())
	a, b = (a+page-1)&^(page-1), b&^(page-1)
	if a < b {
		_ = unix.Madvise(unsafe.Slice((*byte)(unsafe.Add(unsafe.Pointer(nil), a)), b-a), unix.MADV_DONTNEED)
	}
}

// program gives the mappings of the program's code and of its constants.
func program() (text, constants mapping, ok bool) {
	f, err := os.Open("/proc/self/maps")
	if err != nil {
		return text, constants, false
	}
	defer f.Close()
	var buf [mapsBytes]byte
	n, err := f.Read(buf[:])
	if err != nil {
		return text, constants, false
	}
	lines := bytes.SplitN(buf[:n], []byte("\n"), 3)
	if len(lines) < 3 {
		return text, constants, false
	}
	text, ok1 := parseMapping(lines[0])
	constants, ok2 := parseMapping(lines[1])
	ok = ok1 && ok2 && text.offset == 0 && text.executable && !text.writable && fixedAddress(text) &&
		!constants.executable && !constants.writable && constants.inode == text.inode && constants.start == text.end
	return text, constants, ok
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
