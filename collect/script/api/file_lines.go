package api

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"

	lua "github.com/yuin/gopher-lua"

	"virgo/collect/script"
)

// maxLine bounds a line of a file; longer ones are no text that a script can make something of line
// by line.
const maxLine = 64 << 10

// fileLines returns a function that returns the next line at each call. The file is closed at its
// end, or the check's.
func fileLines(c *script.Call, l *lua.LState) int {
	closed := c.OpenFile(l)
	f, ok := open(c, l)
	if !ok {
		closed()
		return 2
	}
	done := func() { f.Close(); closed() }
	c.AtEnd(done)
	r := bufio.NewReaderSize(&waitingReader{call: c, r: f}, maxLine)
	path := l.CheckString(1)
	l.Push(l.NewFunction(func(l *lua.LState) int {
		line, err := r.ReadSlice('\n')
		switch {
		case len(line) > 0 && (err == nil || err == io.EOF):
			work(c, l, len(line))
			l.Push(lua.LString(withoutEnd(string(line))))
			return 1
		case err == io.EOF:
			done()
			l.Push(lua.LNil)
			return 1
		case errors.Is(err, bufio.ErrBufferFull):
			err = fmt.Errorf("a line of more than %d bytes", maxLine)
		}
		done()
		return c.Raise(l, "reading %s: %v", path, err)
	}))
	return 1
}

// waitingReader reads while the script's clock stands still, and no longer than the check may take.
type waitingReader struct {
	call *script.Call
	r    io.Reader
}

func (w *waitingReader) Read(p []byte) (n int, err error) {
	err = w.call.Blocking(func(ctx context.Context) error {
		read, err := within(ctx, func() ([]byte, error) {
			piece := make([]byte, len(p)) // p is the caller's again once the context is done
			n, err := w.r.Read(piece)
			return piece[:n], err
		})
		n = copy(p, read)
		return err
	})
	return n, err
}
