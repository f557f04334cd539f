package limits

import (
	"bytes"
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// reservedBytes is the address space that Go reserves beyond the memory that it uses: its heap
// grows by arenas of 64 MiB, each of which may be the only one of its kind.
const reservedBytes = 128 << 20

// limitData limits what this process may map, and reports whether the kernel heeds it.
//
// RLIMIT_DATA counts what can be written and stops a heap that grows. It does not stop one large
// allocation: Go reserves the addresses first, and the kernel does not count a mapping again that
// replaces another, whatever that one was for. Addresses are counted by RLIMIT_AS, of which a Go
// process needs a gigabyte at its start and little later.
func limitData(memoryBytes int64) bool {
	now, ok := mapped()
	if !ok {
		return false
	}
	memory := uint64(max(0, memoryBytes)) + threadBytes
	if setSoft(unix.RLIMIT_DATA, now.data+memory) != nil ||
		setSoft(unix.RLIMIT_AS, now.all+memory+reservedBytes) != nil {
		return false
	}
	b, err := unix.Mmap(-1, 0, int(memory)+probeBytes, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANON)
	if err == nil { // nothing of it was touched
		_ = unix.Munmap(b)
	}
	return err != nil
}

// probeBytes is more than what the process may have unmapped since its memory was read.
const probeBytes = 64 << 20

// memory is what a process has mapped: in all, and to write.
type memory struct{ all, data uint64 }

// mapped returns what this process has mapped.
func mapped() (m memory, ok bool) {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return m, false
	}
	all, ok1 := kibibytes(status, "VmSize")
	data, ok2 := kibibytes(status, "VmData")
	return memory{all, data}, ok1 && ok2
}

// kibibytes returns a value of /proc/self/status in bytes.
func kibibytes(status []byte, name string) (n uint64, ok bool) {
	_, rest, found := bytes.Cut(status, []byte("\n"+name+":"))
	line, _, _ := bytes.Cut(rest, []byte("\n"))
	fields := bytes.Fields(line)
	if !found || len(fields) != 2 || string(fields[1]) != "kB" {
		return 0, false
	}
	kib, err := strconv.ParseUint(string(fields[0]), 10, 44)
	return kib << 10, err == nil
}
