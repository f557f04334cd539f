package upgrade

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"virgo/cmd/internal/programs"
	"virgo/collect/timerslack"
)

const (
	versionTimeout = 10 * time.Second
	// RunTimeout bounds one run of the trial, which has a deadline of its own before.
	RunTimeout  = time.Minute
	RunDeadline = 30 * time.Second
	// maxTrialOutput is how much of what a program prints is kept.
	maxTrialOutput = 4 << 10
)

// A TrialError says that a program of a version does not do what it should.
type TrialError struct {
	Program string
	// Status is how the process ended: "exit status 2"; empty where it did not start or end.
	Status string
	How    string
}

func (e *TrialError) Error() string { return e.Program + ": " + e.How }

// Trial starts the programs of a version before they are used.
type Trial struct {
	// Folder has the programs.
	Folder string
	// Flags are those of a run: of the settings, and of a copy of the state.
	Flags []string
	// Environ is the environment of the programs.
	Environ []string
}

// Versions starts each program of an archive, which has to say that it is of that build.
// Error: *TrialError.
func (t Trial) Versions(ctx context.Context, m programs.Manifest) error {
	for _, name := range programs.Names(m.OS) {
		out, err := t.start(ctx, versionTimeout, name, "--version")
		if err != nil {
			return err
		}
		want := strings.TrimSuffix(name, ".exe") + " " + m.Version
		if m.Commit != "" {
			want += " (" + m.Commit + ")"
		}
		if got := strings.TrimSpace(out); got != want {
			return &TrialError{name, "", fmt.Sprintf("says that it is %.100q, and not %q", got, want)}
		}
	}
	return nil
}

// Run makes a run with a program. Error: *TrialError.
func (t Trial) Run(ctx context.Context, name string) error {
	args := append([]string{}, t.Flags...)
	args = append(args, "--no-deliver", "--deadline="+RunDeadline.String())
	if strings.TrimSuffix(name, ".exe") == "virgo" {
		args = append([]string{"run"}, args...)
	}
	_, err := t.start(ctx, RunTimeout, name, args...)
	return err
}

// start runs a program and returns what it printed. Error: *TrialError.
func (t Trial) start(ctx context.Context, timeout time.Duration, name string, args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, filepath.Join(t.Folder, name), args...)
	cmd.Env = t.Environ
	cmd.WaitDelay = time.Second
	var out, errOut head
	cmd.Stdout, cmd.Stderr = &out, &errOut
	if err := timerslack.ForChild(cmd.Start); err != nil {
		return "", &TrialError{name, "", fmt.Sprintf("cannot be started: %v", err)}
	}
	err := cmd.Wait()
	switch {
	case ctx.Err() != nil:
		return "", &TrialError{name, "", fmt.Sprintf("did not end within %s", timeout)}
	case err != nil:
		text := strings.TrimSpace(errOut.String())
		if text == "" {
			text = strings.TrimSpace(out.String())
		}
		return "", &TrialError{name, err.Error(), fmt.Sprintf("%v: %s", err, strings.ReplaceAll(text, "\n", "; "))}
	}
	return out.String(), nil
}

// A head keeps the beginning of what a program prints. The buffer is not embedded: its
// ReadFrom would read all.
type head struct{ kept bytes.Buffer }

func (b *head) Write(p []byte) (int, error) {
	if space := maxTrialOutput - b.kept.Len(); space > 0 {
		b.kept.Write(p[:min(space, len(p))])
	}
	return len(p), nil
}

func (b *head) String() string { return b.kept.String() }
