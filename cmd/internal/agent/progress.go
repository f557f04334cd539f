package agent

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"virgo/cmd/internal/term"
)

// A progressLine is a line of a terminal that is written again and again. It uses no escape
// sequence, so that every terminal shows it.
type progressLine struct {
	mu   sync.Mutex
	w    io.Writer
	used int // columns of what is shown
}

// set shows a text in place of what is shown; empty: nothing. A text that is wider than the terminal
// is cut, because the rest of it could not be overwritten.
func (l *progressLine) set(text string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if text == "" && l.used == 0 {
		return
	}
	if width := term.Width(l.w); width > 0 {
		text = term.Clip(text, width-1)
	}
	n := term.TextWidth(text)
	fmt.Fprint(l.w, "\r"+text+strings.Repeat(" ", max(0, l.used-n)))
	if l.used = n; n == 0 {
		fmt.Fprint(l.w, "\r")
	}
}

// Progress returns a function that shows the progress of long work on a terminal; verb is for example
// "delivered".
func (p *Program) Progress(verb string) func(int) {
	var last time.Time
	return func(n int) {
		if now := time.Now(); now.Sub(last) > 200*time.Millisecond {
			if !last.IsZero() || n > 500 {
				p.progress.set(fmt.Sprintf("%s %d results … ", verb, n))
			}
			last = now
		}
	}
}

// checkProgress shows which checks a run still waits for.
func (p *Program) checkProgress(running []string, all int) {
	if len(running) == 0 {
		p.progress.set("")
		return
	}
	const most = 20 // names; more do not fit a line
	names := strings.Join(running[:min(most, len(running))], ", ")
	p.progress.set(OneLine(fmt.Sprintf("%d of %d checks done, running: %s", all-len(running), all, names)))
}

// ShowProgress shows a text on a terminal, in place of what it showed before.
func (p *Program) ShowProgress(text string) {
	if term.IsTerminal(p.Err) {
		p.progress.set(OneLine(text))
	}
}

// ClearProgress removes the line of [Program.Progress] and [Program.ShowProgress].
func (p *Program) ClearProgress() { p.progress.set("") }
