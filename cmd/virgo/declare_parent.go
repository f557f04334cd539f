package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"time"

	"virgo/collect/script"
	"virgo/collect/script/breach"
	"virgo/collect/timerslack"
	"virgo/schedule/scriptbundle"
)

const (
	// declareTimeout bounds the evaluation of all scripts of a bundle.
	declareTimeout = time.Minute
	// maxDeclareErrors bounds what is kept of the process's standard error.
	maxDeclareErrors = 4 << 10
)

// declare returns what the scripts among the files of a bundle declare, in the order of their names, and an error for
// each that declares nothing. They are evaluated in a process of their own, see declareChild.
func (a *app) declare(files map[string][]byte) (scripts []scriptbundle.Script, wrong []error, err error) {
	path, err := a.WorkerPath()
	if err != nil {
		return nil, nil, err
	}
	request, err := json.Marshal(declareRequest{files})
	if err != nil {
		return nil, nil, err
	}
	ctx, cancel := context.WithTimeout(a.Context, declareTimeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, path, declareArgument)
	cmd.Args[0] = "virgo"
	cmd.Env = append(a.ChildEnviron(), "GOMAXPROCS=2", "GOTRACEBACK=none")
	cmd.Stdin = bytes.NewReader(request)
	stderr := &headBuffer{most: maxDeclareErrors}
	cmd.Stderr = stderr
	cmd.WaitDelay = time.Second
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, nil, err
	}
	if err := timerslack.ForChild(cmd.Start); err != nil {
		return nil, nil, fmt.Errorf("starting the process that evaluates scripts: %w", err)
	}
	scripts, wrong, last, readErr := readDeclared(io.LimitReader(out, maxDeclareBytes))
	_, _ = io.Copy(io.Discard, out)
	err = cmd.Wait()
	switch {
	case ctx.Err() != nil:
		return nil, nil, fmt.Errorf("evaluating the script after %q: %w", last, ctx.Err())
	case err != nil:
		return nil, nil, fmt.Errorf("evaluating the script after %q: %s", last, deathOf(cmd, stderr.String()))
	case readErr != nil:
		return nil, nil, fmt.Errorf("reading what scripts declare: %w", readErr)
	}
	return scripts, wrong, nil
}

// readDeclared also returns the name of the last script that was evaluated.
func readDeclared(in io.Reader) (scripts []scriptbundle.Script, wrong []error, last string, err error) {
	dec := json.NewDecoder(in)
	for {
		var answer declareAnswer
		if err := dec.Decode(&answer); errors.Is(err, io.EOF) {
			return scripts, wrong, last, nil
		} else if err != nil {
			return nil, nil, last, err
		}
		last = answer.File
		if answer.Error != "" {
			wrong = append(wrong, errors.New(answer.Error))
			continue
		}
		scripts = append(scripts, answer.Script)
	}
}

// deathOf says which limit the process broke, or how it ended.
func deathOf(cmd *exec.Cmd, stderr string) string {
	how, _, _ := strings.Cut(strings.TrimSpace(stderr), "\n")
	state := cmd.ProcessState.String()
	used := cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	l := breach.Limits{MemoryBytes: script.DefaultLimits().MemoryBytes, CPU: breach.CPU}
	if _, text := breach.Describe(how+" "+state, used, l); text != "" {
		return text
	}
	if how == "" {
		return state
	}
	return strings.TrimPrefix(how, "virgo: error: ")
}

// A headBuffer keeps the beginning of what is written to it. The buffer is not embedded: its ReadFrom would read all.
type headBuffer struct {
	kept bytes.Buffer
	most int
}

func (b *headBuffer) Write(p []byte) (int, error) {
	if space := b.most - b.kept.Len(); space > 0 {
		b.kept.Write(p[:min(space, len(p))])
	}
	return len(p), nil
}

func (b *headBuffer) String() string { return b.kept.String() }
