package folder

import (
	"unsafe"

	"golang.org/x/sys/windows"
)

// sidOf returns who an entry of an access list is for. Its bytes begin at SidStart.
func sidOf(ace *windows.ACCESS_ALLOWED_ACE) *windows.SID {
	return (*windows.SID)(unsafe.Pointer(&ace.SidStart))
}
