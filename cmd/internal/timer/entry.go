package timer

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// An Entry is the command that is started once a minute.
type Entry struct {
	Command Command
	// Flags are those that every run needs, for example --config=/srv/virgo.yaml.
	Flags []string
	// Splay is the delay of this host within the minute: whole seconds, less than 60.
	Splay time.Duration
}

// args returns the arguments of the program, without the splay.
func (e Entry) args() []string {
	if e.Command.Subcommand == "" {
		return e.Flags
	}
	return append(slices.Clip(e.Flags), e.Command.Subcommand)
}

// maxWordBytes bounds a word of the command: cron (vixie, cronie) reads 1,000 bytes of a line.
const maxWordBytes = 900

// Validate returns an error for a command with a line break or another control character: in a crontab,
// a unit or a property list, what follows it would be an entry of its own. It names the word.
func (e Entry) Validate() error {
	for _, word := range append([]string{e.Command.Program}, e.args()...) {
		switch {
		case !utf8.ValidString(word) || strings.ContainsFunc(word, unicode.IsControl):
			return fmt.Errorf("%.128q has a control character, which no timer entry can hold", word)
		case len(word) > maxWordBytes:
			return fmt.Errorf("%.64q… is longer than %d bytes, which cron would not read", word, maxWordBytes)
		}
	}
	return nil
}

// A Command makes one run.
type Command struct {
	// Program is the absolute path of virgo-run or virgo.
	Program string
	// Subcommand is the argument that makes it a run: "run" for virgo, empty for virgo-run.
	Subcommand string
}

// String returns the command as people type it, without quoting.
func (c Command) String() string {
	if c.Subcommand == "" {
		return c.Program
	}
	return c.Program + " " + c.Subcommand
}

// RunCommand returns the command for a run by virgo-run, where this executable file lies beside the
// program virgo, and else for one by virgo. virgo is an absolute path. If it is a symbolic link, the
// folder of the link comes first: a link stays when an upgrade moves what it points to.
func RunCommand(virgo string) Command {
	folders := []string{filepath.Dir(virgo)}
	if real, err := filepath.EvalSymlinks(virgo); err == nil {
		folders = append(folders, filepath.Dir(real))
	}
	for _, folder := range folders {
		if path, err := exec.LookPath(filepath.Join(folder, runProgram)); err == nil {
			return Command{Program: path}
		}
	}
	return Command{Program: virgo, Subcommand: "run"}
}
