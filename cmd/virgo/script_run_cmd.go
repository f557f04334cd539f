package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"time"

	"virgo/cmd/internal/agent"
	"virgo/cmd/internal/term"
	"virgo/collect"
	"virgo/collect/script/trial"
	"virgo/schedule"
	"virgo/schedule/policy"
)

type scriptRunCmd struct {
	File    string        `arg:"" help:"The script."`
	Details []string      `arg:"" optional:"" name:"key=value" help:"Details of the check, for example path=/srv."`
	Saved   string        `placeholder:"FILE" help:"What the script saved: read before it runs, if the file exists, and written after it."`
	Now     string        `placeholder:"TIME" help:"The time that the script is told, as 2026-11-29T15:04:05Z."`
	Grant   string        `default:"declared" enum:"declared,policy" placeholder:"declared|policy" help:"What it may use: all that it declares, or of that what virgo.yaml grants the scripts of a bundle (default: ${default})."`
	Timeout time.Duration `default:"30s" help:"Time limit of the script."`
}

// Help returns the text below the summary in the help.
func (scriptRunCmd) Help() string {
	return "Runs the script as a run of the agent would: in a process of its own, as the " +
		"unprivileged user if virgo is root, with every limit. No state is changed. Prints the " +
		"result, the lines that the script logs, and what it used; for an error the calls that led " +
		"there. Exits with 1 if the check is unavailable or the script fails."
}

type scriptRunDocument struct {
	document
	Result  resultDocument `json:"result"`
	Refused bool           `json:"refused,omitempty"`
	Failed  *failedScript  `json:"failed,omitempty"`
	Log     []string       `json:"log"`
	Saved   string         `json:"saved,omitempty"`
	Used    usedDocument   `json:"used"`
}

// A failedScript is why a script is broken.
type failedScript struct {
	Kind      string `json:"kind"`
	File      string `json:"file,omitempty"`
	Line      int    `json:"line,omitempty"`
	Text      string `json:"text"`
	Traceback string `json:"traceback,omitempty"`
}

type usedDocument struct {
	Instructions   int64   `json:"instructions"`
	ComputeMS      float64 `json:"compute_ms"`
	AllocatedBytes uint64  `json:"allocated_bytes"`
	Files          int     `json:"files"`
	Connections    int     `json:"connections"`
	Programs       int     `json:"programs"`
}

func (c *scriptRunCmd) Run(a *app) error {
	if c.Timeout <= 0 {
		return agent.UsageError("--timeout must be longer than 0s, not %s", c.Timeout)
	}
	files, name, err := readScripts(c.File)
	if err != nil {
		return err
	}
	if trial.IsTest(name) {
		err := fmt.Errorf("%q has tests", c.File)
		return agent.WithCode(agent.ExitUsage, agent.WithHint(err, "virgo script test "+c.File))
	}
	job := &trial.RunJob{File: name, NowMS: a.Now().UnixMilli(), Granted: c.Grant == "policy"}
	if c.Now != "" {
		at, err := time.Parse(time.RFC3339, c.Now)
		if err != nil {
			return agent.UsageError("--now %q is not a time such as 2026-11-29T15:04:05Z", c.Now)
		}
		job.NowMS = at.UnixMilli()
	}
	if job.Saved, err = c.readSaved(); err != nil {
		return err
	}
	declared, err := a.declared(a.Context, files, name)
	if err != nil {
		return err
	}
	typ := collect.Type{Name: declared.Type, Summary: declared.Summary, Details: declared.Details}
	if job.Details, err = parseDetails(c.Details, typ); err != nil {
		return err
	}
	var done trial.Outcome
	typ.Checker = collect.CheckerFunc(func(ctx context.Context, _ collect.Request) (collect.Report, error) {
		return a.runTrial(ctx, trial.Job{Files: files.For(name), Run: job}, &done)
	})
	reg, err := collect.NewRegistry(typ)
	if err != nil {
		return err
	}
	out, err := a.runCheck(reg, schedule.Check{
		ID: declared.Type, Type: declared.Type, Details: job.Details, Timeout: c.Timeout,
	})
	if err != nil {
		return err
	}
	if err := c.writeSaved(done.Saved); err != nil {
		return err
	}
	if err := a.showScriptRun(out, &done); err != nil {
		return err
	}
	if out.Result.State != collect.Available {
		return &agent.ExitError{Code: agent.ExitUnexpected}
	}
	return nil
}

// runTrial runs a script in the script process, and returns what the checker in a run would return.
func (a *app) runTrial(ctx context.Context, job trial.Job, done *trial.Outcome) (collect.Report, error) {
	answer, err := a.trial(ctx, job)
	switch {
	case err != nil:
		return collect.Report{}, err
	case answer.Failed != nil:
		done.Failed = answer.Failed
		return collect.Report{}, &collect.FailedError{Kind: string(answer.Failed.Kind), Text: answer.Failed.Error()}
	}
	*done = *answer.Outcome
	switch {
	case done.Failed != nil:
		return done.Report(), &collect.FailedError{Kind: string(done.Failed.Kind), Text: done.Error}
	case done.Refused != nil:
		return done.Report(), done.Refused
	case done.Error != "":
		return done.Report(), errors.New(done.Error)
	}
	return done.Report(), nil
}

// readSaved reads what an earlier run saved.
func (c *scriptRunCmd) readSaved() ([]byte, error) {
	if c.Saved == "" {
		return nil, nil
	}
	text, err := os.ReadFile(c.Saved)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, agent.WithCode(agent.ExitUsage, err)
	}
	return text, nil
}

func (c *scriptRunCmd) writeSaved(sample []byte) error {
	if c.Saved == "" || sample == nil {
		return nil
	}
	return os.WriteFile(c.Saved, sample, 0o600)
}

func (a *app) showScriptRun(out collect.Outcome, done *trial.Outcome) error {
	if a.JSON {
		return a.printJSON(newScriptRunDocument(out, done))
	}
	if err := a.showCheck(out); err != nil {
		return err
	}
	for _, line := range done.Log {
		fmt.Fprintln(a.Out, "log  "+agent.OneLine(line))
	}
	if done.Failed != nil && done.Failed.Traceback != "" {
		for line := range strings.Lines(done.Failed.Traceback) {
			fmt.Fprintln(a.Out, "     "+agent.OneLine(line))
		}
	}
	if done.Refused != nil {
		fmt.Fprintln(a.Out, "     "+agent.OneLine(grantHint(done.Refused)))
	}
	if len(done.Saved) > 0 {
		fmt.Fprintf(a.Out, "saved  %s for the next run\n", term.Bytes(float64(len(done.Saved))))
	}
	u := done.Used
	if u.Instructions == 0 { // it did not run, or its process ended before it could say
		return nil
	}
	used := []string{
		grouped(u.Instructions) + " instructions",
		term.Age(u.Compute.Round(time.Microsecond)) + " of computing",
		term.Bytes(float64(done.Allocated)) + " allocated",
	}
	for _, n := range []struct {
		number int
		what   string
	}{{u.Files, "files"}, {u.Connections, "connections"}, {u.Programs, "programs"}} {
		if n.number > 0 {
			used = append(used, fmt.Sprintf("%s %d", n.what, n.number))
		}
	}
	_, err := fmt.Fprintln(a.Out, "used  "+strings.Join(used, " · "))
	return err
}

// grantHint returns what to do about a refusal.
func grantHint(*policy.RefusedError) string {
	return "virgo.yaml grants it under scripts, see virgo help policy; --grant declared runs it with " +
		"all that it declares"
}

func newScriptRunDocument(out collect.Outcome, done *trial.Outcome) scriptRunDocument {
	doc := scriptRunDocument{
		document: document{schemaVersion}, Result: newResultDocument(out), Refused: done.Refused != nil,
		Log: done.Log, Saved: string(done.Saved),
		Used: usedDocument{
			done.Used.Instructions, float64(done.Used.Compute.Microseconds()) / 1000, done.Allocated,
			done.Used.Files, done.Used.Connections, done.Used.Programs,
		},
	}
	if doc.Log == nil {
		doc.Log = []string{}
	}
	if f := done.Failed; f != nil {
		doc.Failed = &failedScript{string(f.Kind), f.File, f.Line, f.Text, f.Traceback}
	} else if out.Failed != "" {
		doc.Failed = &failedScript{Kind: out.Failed, Text: out.Result.Status}
	}
	return doc
}

// grouped formats a number with commas between thousands.
func grouped(n int64) string {
	digits := fmt.Sprint(n)
	for at := len(digits) - 3; at > 0; at -= 3 {
		digits = digits[:at] + "," + digits[at:]
	}
	return digits
}
