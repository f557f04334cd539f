package limits

import (
	"bytes"
	"os"
	"strconv"
)

// usedMemory returns a function that returns how much memory this process uses: what is resident
// and belongs to no file. Without /proc, it is what Go's runtime has.
func usedMemory() func() uint64 {
	statm, err := os.Open("/proc/self/statm") // stays open, as the process does
	if err != nil {
		return goMemory
	}
	page, buf := uint64(os.Getpagesize()), make([]byte, 256)
	return func() uint64 {
		n, err := statm.ReadAt(buf, 0)
		fields := bytes.Fields(buf[:n])
		if err != nil && n == 0 || len(fields) < 3 {
			return goMemory()
		}
		resident, err1 := strconv.ParseUint(string(fields[1]), 10, 50)
		ofFiles, err2 := strconv.ParseUint(string(fields[2]), 10, 50)
		if err1 != nil || err2 != nil {
			return goMemory()
		}
		return (resident - min(resident, ofFiles)) * page
	}
}
