package breach

import (
	"testing"
	"time"
)

// What ended a process is said in the words of the limit; what ended it otherwise is not explained away.
func TestDescribe(t *testing.T) {
	l := Limits{MemoryBytes: 64 << 20, CPU: time.Minute}
	for _, c := range []struct {
		how        string
		used       time.Duration
		kind, text string
	}{
		{"runtime: out of memory: cannot allocate 4194304-byte block (66650112 in use) (exit status 2)", 0, KindMemory, "broke the limit of 64 MiB of memory"},
		{"fatal error: runtime: cannot allocate memory (exit status 2)", 0, KindMemory, "broke the limit of 64 MiB of memory"},
		{"runtime: VirtualAlloc of 4194304 bytes failed with errno=1455 (exit status 2)", 0, KindMemory, "broke the limit of 64 MiB of memory"},
		{"broke the limit of 64 MiB of memory (exit status 1)", 0, KindMemory, "broke the limit of 64 MiB of memory"},
		{"runtime: goroutine stack exceeds 16777216-byte limit (exit status 2)", 0, KindMemory, "broke the limit of 16 MiB of stack: it calls itself too deep"},
		{"signal: killed", time.Minute, KindCompute, "broke the limit of 1m0s of processor time"},
		{"signal: killed", time.Second, "", ""}, // by a person, or the kernel for lack of memory
		{"panic: boom (exit status 2)", time.Minute, "", ""},
	} {
		if kind, text := Describe(c.how, c.used, l); kind != c.kind || text != c.text {
			t.Errorf("%q: %q, %q, want %q, %q", c.how, kind, text, c.kind, c.text)
		}
	}
}
