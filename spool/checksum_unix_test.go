//go:build unix

package spool

import (
	"os"
	"path/filepath"
	"runtime/debug"
	"syscall"
	"testing"

	"virgo/spool/internal/boltfile"
)

// Checksums are computed of bytes in bbolt's memory map, on some systems in assembly. A file that
// is truncated meanwhile must cause a panic that transact recovers, not the end of the process.
func TestFaultInChecksum(t *testing.T) {
	const pages = 2
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, make([]byte, pages*boltfile.PageSize), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	mapped, err := syscall.Mmap(int(f.Fd()), 0, pages*boltfile.PageSize, syscall.PROT_READ, syscall.MAP_SHARED)
	if err != nil {
		t.Fatal(err)
	}
	defer syscall.Munmap(mapped)
	if err := os.Truncate(path, 0); err != nil {
		t.Fatal(err)
	}
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	for _, n := range []int{1, 40, len(mapped)} { // bytes, then blocks of 32 and a rest, then blocks
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("a checksum of %d bytes that are not there was computed", n)
				}
			}()
			checksum(1, mapped[:n])
		}()
	}
}
