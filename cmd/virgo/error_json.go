package main

import (
	"context"
	"encoding/json"
	"errors"
	"io"

	"virgo/cmd/internal/agent"
)

// An errorDocument is what --json prints to standard error in place of an error: one line.
type errorDocument struct {
	document
	Error    string `json:"error"`
	Hint     string `json:"hint,omitempty"`
	ExitCode int    `json:"exit_code"`
}

// A noticeDocument is what --json prints to standard error in place of a notice: one line.
type noticeDocument struct {
	document
	Notice string `json:"notice"`
}

// printErrorJSON is agent.PrintError for --json.
func printErrorJSON(w io.Writer, err error) {
	var own *agent.ExitError
	if errors.As(err, &own) && own.Err == nil {
		return
	}
	doc := errorDocument{
		document{schemaVersion}, agent.OneLine(err.Error()), agent.OneLine(agent.Hint(err)), agent.ExitCode(err),
	}
	if errors.Is(err, context.Canceled) {
		doc.Error = "interrupted"
	}
	printLine(w, doc)
}

// printNoticeJSON is agent.PrintNotice for --json.
func printNoticeJSON(w io.Writer, text string) {
	printLine(w, noticeDocument{document{schemaVersion}, text})
}

func printLine(w io.Writer, v any) {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(v)
}
