package trial

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"virgo/collect/script"
	"virgo/schedule"
	"virgo/schedule/scriptbundle"
)

// A Job is what the limited process is asked for: the declaration of a script, one run of it, or
// the tests of one file.
type Job struct {
	Files   Folder   `json:"files"`
	Declare string   `json:"declare,omitempty"` // file
	Run     *RunJob  `json:"run,omitempty"`
	Test    *TestJob `json:"test,omitempty"`
}

// A RunJob runs a script against this host.
type RunJob struct {
	File    string           `json:"file"`
	Details schedule.Details `json:"details"`
	Saved   []byte           `json:"saved,omitempty"`
	NowMS   int64            `json:"now_ms"`
	// Granted means that the script may use only what virgo.yaml grants scripts, as one of a
	// bundle, and not all that it declares.
	Granted bool `json:"granted,omitempty"`
}

// A TestJob runs the tests of a file whose names fit.
type TestJob struct {
	File  string `json:"file"`
	Names string `json:"names,omitempty"` // regular expression
}

// An Answer is that to a Job.
type Answer struct {
	Declared *scriptbundle.Script `json:"declared,omitempty"`
	Outcome  *Outcome             `json:"outcome,omitempty"`
	Results  []Result             `json:"results,omitempty"`
	// Failed is why a script cannot be loaded.
	Failed *script.Error `json:"failed,omitempty"`
}

// For returns the files that a job about one file needs: libraries and, for a test, its script and
// the captured files that it names.
func (f Folder) For(file string) Folder {
	part := Folder{file: f[file]}
	for name, text := range f {
		switch {
		case strings.HasPrefix(name, "lib/"), strings.HasPrefix(name, "data/"),
			IsTest(file) && name == strings.TrimSuffix(file, testSuffix)+".lua",
			IsTest(file) && strings.HasPrefix(name, "testdata/") && strings.Contains(f[file], name):
			part[name] = text
		}
	}
	return part
}

// source returns the files as scripts that may use what they declare, or what virgo.yaml grants.
func (f Folder) source(own bool) script.Source {
	if own {
		return f
	}
	return granted{f}
}

type granted struct{ Folder }

func (granted) Own() bool { return false }

// Do does the job. The options are those of the process that runs scripts; their sources are
// replaced, and for tests the world outside.
func (j Job) Do(ctx context.Context, opt script.Options) (Answer, error) {
	switch {
	case j.Declare != "":
		s, err := script.DeclareFile(opt, j.Files, j.Declare)
		var failed *script.Error
		if errors.As(err, &failed) {
			return Answer{Failed: failed}, nil
		}
		return Answer{Declared: &s}, err
	case j.Run != nil:
		o, err := Do(ctx, opt, j.Files.source(!j.Run.Granted), Run{
			Type: scriptbundle.TypePrefix + strings.TrimSuffix(j.Run.File, ".lua"), Details: j.Run.Details,
			Saved: j.Run.Saved, Now: time.UnixMilli(j.Run.NowMS),
		})
		var failed *script.Error
		if errors.As(err, &failed) {
			return Answer{Failed: failed}, nil
		}
		return Answer{Outcome: o}, err
	case j.Test != nil:
		names, err := regexp.Compile(j.Test.Names)
		if err != nil {
			return Answer{}, fmt.Errorf("names of tests: %w", err)
		}
		var a Answer
		j.Files.Run(ctx, j.Test.File, names, opt, func(r Result) { a.Results = append(a.Results, r) })
		return a, nil
	}
	return Answer{}, errors.New("nothing to do")
}
