package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"virgo/cmd/internal/agent"
	"virgo/collect/script/trial"
	"virgo/schedule/scriptbundle"
)

type scriptCmd struct {
	New   scriptNewCmd   `cmd:"" help:"Create a small working check in Lua to start from."`
	Run   scriptRunCmd   `cmd:"" help:"Run a script once, print its result and what it used."`
	Test  scriptTestCmd  `cmd:"" help:"Run the tests beside scripts, over captured input."`
	Check scriptCheckCmd `cmd:"" help:"Look for mistakes in scripts without running them."`
	Doc   scriptDocCmd   `cmd:"" help:"Show the functions that scripts can call."`
}

// readScripts reads what a file of Lua may use: its folder's libraries, for a test the script
// and what was captured.
func readScripts(path string) (files trial.Folder, name string, err error) {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		err = fmt.Errorf("there is no file %q", path)
		return nil, "", agent.WithCode(agent.ExitUsage, agent.WithHint(err, "virgo script new NAME creates a script"))
	case err != nil:
		return nil, "", agent.WithCode(agent.ExitUsage, err)
	case info.IsDir():
		return nil, "", agent.UsageError("%q is a folder, not a script", path)
	}
	dir, name := filepath.Split(filepath.Clean(path))
	script := name
	if trial.IsTest(name) {
		script = trial.ScriptOf(name)
	}
	if err := scriptbundle.ValidName(script); err != nil || !strings.HasSuffix(name, ".lua") {
		err = fmt.Errorf("%q cannot be a script by its name", path)
		return nil, "", agent.WithCode(agent.ExitUsage, agent.WithHint(err,
			"its type is script. and the file's name: use a-z, 0-9 and _, and .lua at the end"))
	}
	files, err = trial.ReadFolder(os.DirFS(filepath.Clean(dir+".")), name, script)
	if err != nil {
		return nil, "", agent.WithCode(agent.ExitUsage, fmt.Errorf("reading %s: %w", filepath.Clean(dir+"."), err))
	}
	return files, name, nil
}

// trialLimit is how long the script process may take for one job.
const trialLimit = 90 * time.Second

// trial hands a job to the script process, which is limited as in a run.
func (a *app) trial(ctx context.Context, job trial.Job) (trial.Answer, error) {
	var answer trial.Answer
	text, err := a.ScriptWorker().Trial(ctx, job, trialLimit)
	if err == nil {
		err = json.Unmarshal(text, &answer)
	}
	return answer, err
}

// declared returns what a script declares. A script that cannot be loaded is an error.
func (a *app) declared(ctx context.Context, files trial.Folder, name string) (scriptbundle.Script, error) {
	answer, err := a.trial(ctx, trial.Job{Files: files.For(name), Declare: name})
	switch {
	case err != nil:
		return scriptbundle.Script{}, fmt.Errorf("loading %s: %w", name, err)
	case answer.Failed != nil:
		return scriptbundle.Script{}, agent.WithHint(answer.Failed,
			"virgo script check lists all mistakes, virgo script doc what there is to call")
	}
	return *answer.Declared, nil
}
