package timer

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
	"unicode/utf16"
)

// Tasks is the Windows Task Scheduler. It passes schtasks.exe a task as XML, because /SC MINUTE can
// neither set the second nor run on battery.
type Tasks struct{}

const taskName = "virgo"

// Name returns "Task Scheduler".
func (Tasks) Name() string { return "Task Scheduler" }

// Print returns the task's XML.
func (Tasks) Print(e Entry) string { return taskXML(e) }

// taskXML returns a task by the Task Scheduler Schema, version 1.2.
func taskXML(e Entry) string {
	var args []string
	for _, a := range e.args() {
		args = append(args, windowsQuote(a))
	}
	return fmt.Sprintf(`<?xml version="1.0" encoding="UTF-16"?>
<Task version="1.2" xmlns="http://schemas.microsoft.com/windows/2004/02/mit/task">
  <RegistrationInfo>
    <Description>virgo: check this host once a minute</Description>
  </RegistrationInfo>
  <Triggers>
    <TimeTrigger>
      <StartBoundary>2020-01-01T00:00:%02d</StartBoundary>
      <Repetition>
        <Interval>PT1M</Interval>
      </Repetition>
    </TimeTrigger>
  </Triggers>
  <Principals>
    <Principal id="Author">
      <UserId>S-1-5-18</UserId>
      <RunLevel>HighestAvailable</RunLevel>
    </Principal>
  </Principals>
  <Settings>
    <MultipleInstancesPolicy>Parallel</MultipleInstancesPolicy>
    <DisallowStartIfOnBatteries>false</DisallowStartIfOnBatteries>
    <StopIfGoingOnBatteries>false</StopIfGoingOnBatteries>
    <ExecutionTimeLimit>PT2M</ExecutionTimeLimit>
    <Hidden>true</Hidden>
  </Settings>
  <Actions Context="Author">
    <Exec>
      <Command>%s</Command>
      <Arguments>%s</Arguments>
    </Exec>
  </Actions>
</Task>
`, int(e.Splay/time.Second), xmlText(e.Command.Program), xmlText(strings.Join(args, " ")))
}

// Install registers the task, and replaces an older one.
func (t Tasks) Install(ctx context.Context, e Entry) (bool, error) {
	want := taskXML(e)
	// Beside the program, which only administrators can write to: whoever changed the file before it is
	// read would have SYSTEM start another program.
	f, err := os.CreateTemp(filepath.Dir(e.Command.Program), "virgo-*.xml")
	if err != nil {
		return false, fmt.Errorf("writing the task: %w", err)
	}
	defer os.Remove(f.Name())
	_, err = f.Write(utf16LE(want))
	if err = errors.Join(err, f.Close()); err != nil {
		return false, fmt.Errorf("writing the task: %w", err)
	}
	return true, schtasks(ctx, "/Create", "/F", "/TN", taskName, "/XML", f.Name())
}

// Uninstall removes the task.
func (t Tasks) Uninstall(ctx context.Context) (bool, error) {
	if exec.CommandContext(ctx, "schtasks", "/Query", "/TN", taskName).Run() != nil {
		return false, nil
	}
	return true, schtasks(ctx, "/Delete", "/F", "/TN", taskName)
}

func schtasks(ctx context.Context, args ...string) error {
	if out, err := exec.CommandContext(ctx, "schtasks", args...).CombinedOutput(); err != nil {
		return &HintError{
			Err:  fmt.Errorf("schtasks %s: %w: %s", args[0], err, firstLine(out)),
			Next: "run it as an administrator",
		}
	}
	return nil
}

// xmlText escapes the markup of XML 1.0, without linking encoding/xml into the agent.
func xmlText(s string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;", "'", "&apos;").Replace(s)
}

// utf16LE encodes text as schtasks reads it: little-endian, with a byte order mark.
func utf16LE(s string) []byte {
	b := []byte{0xff, 0xfe}
	for _, u := range utf16.Encode([]rune(s)) {
		b = binary.LittleEndian.AppendUint16(b, u)
	}
	return b
}

// windowsQuote quotes an argument as CommandLineToArgvW parses it.
func windowsQuote(s string) string {
	if s != "" && !strings.ContainsAny(s, " \t\"") {
		return s
	}
	var b strings.Builder
	b.WriteByte('"')
	slashes := 0
	for _, r := range s {
		switch r {
		case '\\':
			slashes++
		case '"':
			b.WriteString(strings.Repeat(`\`, slashes+1))
			slashes = 0
		default:
			slashes = 0
		}
		b.WriteRune(r)
	}
	b.WriteString(strings.Repeat(`\`, slashes) + `"`)
	return b.String()
}
