package main

import (
	"errors"
	"fmt"
	"os"
	"unsafe"

	"golang.org/x/sys/unix"
)

// dropPages drops the pages of a file from the page cache. It returns an error if any remain.
func dropPages(file string) error {
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	defer f.Close()
	// Only clean pages can be dropped.
	if err := f.Sync(); err != nil {
		return err
	}
	if err := unix.Fadvise(int(f.Fd()), 0, 0, unix.FADV_DONTNEED); err != nil {
		return fmt.Errorf("dropping the pages of %s: %w", file, err)
	}
	if n, err := cachedPages(f); err != nil || n > 0 {
		return errors.Join(fmt.Errorf("%d pages of %s stay in the page cache", n, file), err)
	}
	return nil
}

// cachedPages returns the number of pages of a file that are in the page cache.
func cachedPages(f *os.File) (int, error) {
	info, err := f.Stat()
	if err != nil {
		return 0, err
	}
	size := int(info.Size())
	mapped, err := unix.Mmap(int(f.Fd()), 0, size, unix.PROT_READ, unix.MAP_SHARED)
	if err != nil {
		return 0, err
	}
	defer unix.Munmap(mapped)
	page := os.Getpagesize()
	resident := make([]byte, (size+page-1)/page)
	_, _, errno := unix.Syscall(unix.SYS_MINCORE,
		uintptr(unsafe.Pointer(&mapped[0])), uintptr(size), uintptr(unsafe.Pointer(&resident[0])))
	if errno != 0 {
		return 0, fmt.Errorf("mincore: %w", errno)
	}
	n := 0
	for _, b := range resident {
		n += int(b & 1)
	}
	return n, nil
}
