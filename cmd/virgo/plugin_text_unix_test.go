//go:build unix

package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"virgo/collect"
	"virgo/collect/plugin"
	"virgo/schedule"
)

// pluginTools are the programs that a plugin finds on a host. awk is among them so that a plugin
// that uses one is tested with each.
var pluginTools = []struct{ shell, shellArg, awk string }{
	{"dash", "", "mawk"},
	{"bash", "--posix", "gawk"},
	{"busybox", "sh", "busybox"},
}

// TestNewPluginPrintsExactIntegers runs the plugins that virgo plugin new writes, in each format,
// on file systems that have more than 2 GiB, more than 2^53 bytes and names that need an escape in
// use.
func TestNewPluginPrintsExactIntegers(t *testing.T) {
	const header = "Filesystem 1024-blocks Used Available Capacity Mounted on\n"
	systems := []struct{ name, df, mount, used, percent string }{
		{"small", "/dev/sda1 1000 50 950 5% /", "/", "51200", "5"},
		{"2 GiB", "/dev/sda1 44040192 22020097 22020095 50% /srv", "/srv", "22548579328", "50"},
		{"2^53", "/dev/sda1 10995116277760 8796093022209 2199023255551 81% /srv", "/srv", "9007199254742016", "81"},
		{"no blocks", "proc 0 0 0 - /proc", "/proc", "0", "0"},
		{"full", "/dev/sda1 41943040 41943040 0 100% /srv", "/srv", "42949672960", "100"},
		{"blank", "/dev/sda1 44040192 22020097 22020095 7% /my disk", "/my disk", "22548579328", "7"},
	}
	for _, tools := range pluginTools {
		t.Run(tools.shell+" and "+tools.awk, func(t *testing.T) {
			shell, bin := pluginPath(t, tools.shell, tools.awk)
			for _, system := range systems {
				script := "#!" + shell + " " + tools.shellArg + "\ncat <<'END'\n" + header + system.df + "\nEND\n"
				if err := os.WriteFile(filepath.Join(bin, "df"), []byte(script), 0o755); err != nil {
					t.Fatal(err)
				}
				for _, format := range plugin.Formats() {
					t.Run(system.name+" "+format, func(t *testing.T) {
						text := strings.Replace(pluginText(format), "#!/bin/sh", "#!"+shell+" "+tools.shellArg, 1)
						// Some builds of busybox prefer their own df to that of PATH.
						text = strings.Replace(text, "\ndf -Pk", "\n"+filepath.Join(bin, "df")+" -Pk", 1)
						got := runNewPlugin(t, text, format, bin)
						for _, want := range expectedLines(format, system.mount, system.used, system.percent) {
							if !strings.Contains(got, want) {
								t.Errorf("printed\n%s\nwithout %q", got, want)
							}
						}
					})
				}
			}
		})
	}
}

// pluginPath returns the shell's path and a folder in which awk is the one named.
func pluginPath(t *testing.T, shell, awk string) (shellPath, bin string) {
	t.Helper()
	bin = t.TempDir()
	for _, tool := range []struct{ name, program string }{{"awk", awk}, {"", shell}, {"sed", "sed"}, {"cat", "cat"}} {
		path, err := exec.LookPath(tool.program)
		if err != nil {
			t.Skipf("%s is missing here", tool.program)
		}
		if tool.name == "" {
			shellPath = path
			continue
		}
		if err := os.Symlink(path, filepath.Join(bin, tool.name)); err != nil {
			t.Fatal(err)
		}
	}
	return shellPath, bin
}

// runNewPlugin runs a plugin as virgo plugin test does and returns what it printed. Every line must
// be one of the format.
func runNewPlugin(t *testing.T, text, format, bin string) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "disk"), []byte(text), 0o755); err != nil {
		t.Fatal(err)
	}
	var printed bytes.Buffer
	trial := &plugin.Trial{Dir: dir, Environ: []string{"PATH=" + bin}, Trusted: true, Stderr: os.Stderr}
	details := schedule.Details{"file": "disk", "format": format}
	report, err := trial.Check(t.Context(), collect.Request{Check: schedule.Check{ID: "disk", Details: details}})
	if err != nil || report.Unavailable || len(trial.Faults) > 0 {
		t.Fatalf("the result is %+v, %v, with the faults %+v", report, err, trial.Faults)
	}
	for n := 1; trial.Line(n) != ""; n++ {
		printed.WriteString(trial.Line(n) + "\n")
	}
	return printed.String()
}

// expectedLines returns what must stand in the plugin's output.
func expectedLines(format, mount, used, percent string) []string {
	switch format {
	case "nagios":
		return []string{percent + "% of " + mount + " used | percent=" + percent + "%;80;90;0;100 used=" + used + "B\n"}
	case "checkmk":
		return []string{`P "Filesystem ` + mount + `" percent=` + percent + ";80;90;0;100|used=" + used + " " + percent + "% used\n"}
	case "prometheus":
		label := `{mountpoint="` + mount + `"} `
		ratio := map[string]string{"0": "0.00", "5": "0.05", "7": "0.07", "50": "0.50", "81": "0.81", "100": "1.00"}[percent]
		return []string{"\nfilesystem_used_bytes" + label + used + "\n", "\nfilesystem_used_ratio" + label + ratio + "\n"}
	case "influx":
		path := strings.ReplaceAll(mount, " ", `\ `)
		return []string{"filesystem,path=" + path + " percent=" + percent + ",used=" + used + "i\n"}
	case "json":
		return []string{`{"mount": "` + mount + `", "percent": ` + percent + `, "used": ` + used + "}\n"}
	}
	return []string{
		"status " + percent + "% of " + mount + " used\n",
		"metric percent double " + percent + " percent\n",
		"metric used uint64 " + used + " bytes\n",
	}
}
