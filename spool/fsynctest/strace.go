package fsynctest

import (
	"bufio"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
)

// A call is one system call as strace prints it, or half of one: strace splits a call that another
// thread interrupts.
type call struct {
	name string
	args []string
	// result is what follows " = "; empty for the first half of a split call.
	result string
	// begins and ends say which halves this is; a call that was not interrupted is both.
	begins, ends bool
}

var (
	lineForm    = regexp.MustCompile(`^(\d+) +(.*)$`)
	callForm    = regexp.MustCompile(`^(\w+)\((.*)\) += (.*)$`)
	resumedForm = regexp.MustCompile(`^<\.\.\. \w+ resumed>(.*)$`)
)

const (
	unfinished = " <unfinished ...>"
	detached   = "???( <detached ...>"
)

// parse reads the output of strace -f -y.
func parse(r io.Reader) ([]call, error) {
	var calls []call
	pending := make(map[string]string) // by thread, the first half of its call
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		m := lineForm.FindStringSubmatch(lines.Text())
		if m == nil {
			return nil, fmt.Errorf("strace printed %q", lines.Text())
		}
		thread, text := m[1], m[2]
		if strings.HasPrefix(text, "---") || strings.HasPrefix(text, "+++") {
			continue // a signal, an exit
		}
		if text == detached {
			continue // a thread that began no call before the process ended
		}
		if head, ok := strings.CutSuffix(text, unfinished); ok {
			pending[thread] = head
			name, args, ok := strings.Cut(head, "(")
			if !ok {
				return nil, fmt.Errorf("strace printed %q", text)
			}
			calls = append(calls, call{name: name, args: splitArgs(args), begins: true})
			continue
		}
		begins := true
		if m := resumedForm.FindStringSubmatch(text); m != nil {
			text, begins = pending[thread]+m[1], false
			delete(pending, thread)
		}
		m = callForm.FindStringSubmatch(text)
		if m == nil {
			return nil, fmt.Errorf("strace printed %q", text)
		}
		calls = append(calls, call{
			name: m[1], args: splitArgs(m[2]), result: m[3], begins: begins, ends: true,
		})
	}
	return calls, lines.Err()
}

// splitArgs splits at the commas outside of quoted strings and of the paths of descriptors
// ("3</path>").
func splitArgs(s string) (args []string) {
	quoted, path, start := false, false, 0
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '\\' && quoted:
			i++
		case s[i] == '"':
			quoted = !quoted
		case quoted:
		case s[i] == '<':
			path = true
		case s[i] == '>':
			path = false
		case s[i] == ',' && !path:
			args = append(args, strings.TrimSpace(s[start:i]))
			start = i + 1
		}
	}
	return append(args, strings.TrimSpace(s[start:]))
}

// arg returns an argument, or an empty string.
func (c *call) arg(i int) string {
	if i >= len(c.args) {
		return ""
	}
	return c.args[i]
}

// failed means that the system call returned an error.
func (c *call) failed() bool {
	return strings.HasPrefix(c.result, "-1") || strings.HasPrefix(c.result, "?")
}

// path decodes a quoted path.
func path(arg string) string {
	if s, err := strconv.Unquote(arg); err == nil {
		return s
	}
	return strings.Trim(arg, `"`)
}

var fdForm = regexp.MustCompile(`^(-?\d+|AT_FDCWD)<(.*)>`)

// descriptor splits "5</path>" into the number and the path.
func descriptor(arg string) (fd, path string) {
	m := fdForm.FindStringSubmatch(arg)
	if m == nil {
		return arg, ""
	}
	return m[1], m[2]
}
