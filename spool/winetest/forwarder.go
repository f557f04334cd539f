package winetest

import (
	"bytes"
	"encoding/binary"
)

// forwarder returns a library (PE32+, no code) that forwards its only export to another library, see
// Microsoft's "PE Format".
func forwarder(library, export, to string) []byte {
	const (
		onDisk   = 0x200  // size of the headers, and of the one section
		inMemory = 0x1000 // address of the section
		tables   = 40 + 4 + 4 + 2
	)
	at := uint32(inMemory + tables)
	place := func(s string) (here uint32) {
		here, at = at, at+uint32(len(s))+1
		return here
	}
	libraryAt, exportAt, toAt := place(library), place(export), place(to)
	size := at - inMemory

	var b bytes.Buffer
	put := func(values ...any) {
		for _, v := range values {
			binary.Write(&b, binary.LittleEndian, v) // to memory: never fails
		}
	}
	pad := func(to int) { b.Write(make([]byte, to-b.Len())) }
	// The DOS header: where the PE header is.
	put([]byte("MZ"), make([]byte, 58), uint32(64), []byte("PE\x00\x00"))
	// COFF: amd64, one section, a library for large addresses.
	put(uint16(0x8664), uint16(1), make([]byte, 12), uint16(240), uint16(0x2022))
	// The optional header up to the image's base and alignments, then versions, sizes and stacks.
	put(uint16(0x20b), uint16(0), make([]byte, 4), uint32(onDisk), make([]byte, 8), uint32(inMemory))
	put(uint64(0x6b8000000), uint32(inMemory), uint32(onDisk), uint16(6), make([]byte, 6), uint16(6), make([]byte, 6))
	put(uint32(2*inMemory), uint32(onDisk), uint32(0), uint16(3), uint16(0))
	put(uint64(1<<20), uint64(1<<12), uint64(1<<20), uint64(1<<12), uint32(0), uint32(16))
	// The sixteen data directories, of which exports are the first, and the section's header.
	put(uint32(inMemory), size, make([]byte, 15*8))
	put([]byte(".edata\x00\x00"), size, uint32(inMemory), uint32(onDisk), uint32(onDisk), make([]byte, 12), uint32(0x40000040))
	pad(onDisk)
	// The export directory and its tables of one address, one name and one ordinal.
	put(make([]byte, 12), libraryAt, uint32(1), uint32(1), uint32(1), uint32(inMemory+40), uint32(inMemory+44), uint32(inMemory+48))
	put(toAt, exportAt, uint16(0), []byte(library+"\x00"+export+"\x00"+to+"\x00"))
	pad(2 * onDisk)
	return b.Bytes()
}
