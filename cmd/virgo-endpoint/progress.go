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

// A progress is a line on a person's terminal that says how far a long work is; elsewhere it is nothing.
type progress struct {
	w    io.Writer // nil where nobody watches
	last time.Time
	said bool
}

func newProgress(w io.Writer) *progress {
	if f, ok := w.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		return &progress{w: w, last: time.Now()}
	}
	return &progress{}
}

func (p *progress) checked(done, total int64) { p.say("checking", done, total) }

func (p *progress) stored(done, total uint64) { p.say("storing", int64(done), int64(total)) }

func (p *progress) say(what string, done, total int64) {
	if p.w == nil || total == 0 || time.Since(p.last) < progressEvery {
		return
	}
	p.last, p.said = time.Now(), true
	fmt.Fprintf(p.w, "\r\x1b[K%s: %d %%", what, int(float64(done)/float64(total)*100))
}

// end takes the line away.
func (p *progress) end() {
	if p.said {
		fmt.Fprint(p.w, "\r\x1b[K")
		p.said = false
	}
}
