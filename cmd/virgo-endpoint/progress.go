package main

import (
	"fmt"
	"io"
	"os"
	"time"

	"golang.org/x/term"
)

// progressEvery is how often a line of progress changes.
const progressEvery = 200 * time.Millisecond

// A progress shows on a terminal how far an import is; elsewhere it shows nothing.
type progress struct {
	w     io.Writer // nil where it is no terminal
	last  time.Time
	shown bool
}

func newProgress(w io.Writer) *progress {
	if f, ok := w.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		return &progress{w: w, last: time.Now()}
	}
	return &progress{}
}

func (p *progress) checked(done, total int64) { p.show("checking", done, total) }

func (p *progress) stored(done, total uint64) { p.show("storing", int64(done), int64(total)) }

func (p *progress) show(what string, done, total int64) {
	if p.w == nil || total == 0 || time.Since(p.last) < progressEvery {
		return
	}
	p.last, p.shown = time.Now(), true
	fmt.Fprintf(p.w, "\r\x1b[K%s: %d %%", what, int(float64(done)/float64(total)*100))
}

// end clears the line.
func (p *progress) end() {
	if p.shown {
		fmt.Fprint(p.w, "\r\x1b[K")
		p.shown = false
	}
}
