//go:build unix

package upgrade

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"virgo/cmd/internal/programs"
)

// write makes a folder with files by name; those without a dot can be started.
func write(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(text), 0o755)); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestTrial(t *testing.T) {
	m := programs.Manifest{Version: "0.2.0", Commit: "bb", OS: "linux"}
	good := map[string]string{"virgo": string(program("virgo", "0.2.0-bb")), "virgo-run": string(program("virgo-run", "0.2.0-bb"))}
	for name, c := range map[string]struct {
		program, text string
		want          string
	}{
		"good":           {"virgo", good["virgo"], ""},
		"other version":  {"virgo", string(program("virgo", "0.1.0-aa")), `virgo: says that it is "virgo 0.1.0 (aa)", and not "virgo 0.2.0 (bb)"`},
		"other program":  {"virgo-run", string(program("virgo", "0.2.0-bb")), "virgo-run: says that it is"},
		"no program":     {"virgo", "\x7fELF", "virgo: cannot be started"},
		"fails":          {"virgo-run", "#!/bin/sh\necho first >&2\necho second >&2\nexit 7\n", "virgo-run: exit status 7: first; second"},
		"prints no end":  {"virgo", "#!/bin/sh\nhead -c 100000 /dev/zero | tr '\\0' x\nexit 1\n", "virgo: exit status 1: "},
		"dies by itself": {"virgo", "#!/bin/sh\nkill -SEGV $$\n", "virgo: signal: segmentation fault"},
	} {
		files := map[string]string{"virgo": good["virgo"], "virgo-run": good["virgo-run"]}
		files[c.program] = c.text
		err := Trial{Folder: write(t, files)}.Versions(context.Background(), m)
		var failed *TrialError
		if (err == nil) != (c.want == "") || err != nil && (!errors.As(err, &failed) || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
		if err != nil && len(err.Error()) > 2*maxTrialOutput {
			t.Errorf("%s: an error of %d bytes", name, len(err.Error()))
		}
	}

	// A run has the flags that it is given, and no others than every version knows.
	dir := write(t, map[string]string{
		"virgo":     "#!/bin/sh\n[ \"$*\" = 'run --state=/s --no-deliver --deadline=30s' ] && [ \"$A\" = b ]\n",
		"virgo-run": "#!/bin/sh\n[ \"$*\" = '--state=/s --no-deliver --deadline=30s' ] && [ \"$A\" = b ]\n",
	})
	trial := Trial{Folder: dir, Flags: []string{"--state=/s"}, Environ: []string{"A=b", "PATH=" + os.Getenv("PATH")}}
	for _, name := range []string{"virgo", "virgo-run"} {
		if err := trial.Run(context.Background(), name); err != nil {
			t.Error(err)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := trial.Run(ctx, "virgo"); err == nil {
		t.Error("a run without time succeeds")
	}
}

func TestCopyState(t *testing.T) {
	state := write(t, map[string]string{"virgo.db": "spool", "agent.key": "key", "bundles/a.zip": "zip", ".trial-1/virgo.db": "old"})
	large, err := os.Create(filepath.Join(state, "large"))
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(large.Truncate(MaxStateBytes), large.Close(), os.Symlink("/etc/passwd", filepath.Join(state, "link"))); err != nil {
		t.Fatal(err)
	}
	folder, remove, err := CopyState(state)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	err = filepath.WalkDir(folder, func(path string, d os.DirEntry, err error) error {
		if !d.IsDir() {
			name, _ := filepath.Rel(folder, path)
			names = append(names, name)
		}
		return err
	})
	if got := strings.Join(names, " "); err != nil || got != "agent.key bundles/a.zip virgo.db" {
		t.Errorf("%s, %v", got, err)
	}
	if b, err := os.ReadFile(filepath.Join(folder, "virgo.db")); string(b) != "spool" {
		t.Errorf("%q, %v", b, err)
	}
	if info, err := os.Stat(folder); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	remove()
	if left, _ := filepath.Glob(filepath.Join(state, ".trial-*")); len(left) != 0 {
		t.Errorf("left behind: %q", left)
	}
}

func TestPackaged(t *testing.T) {
	for name, c := range map[string]struct {
		files   map[string]string
		path    string
		want    string
		command string
	}{
		"nobody's": {map[string]string{"dpkg-query": "exit 1", "rpm": "echo 'file is not owned'; exit 1"}, "/opt/virgo", "", ""},
		"Debian": {
			map[string]string{"dpkg-query": `[ "$*" = "-S /usr/bin/virgo" ] && echo "virgo-agent: /usr/bin/virgo"`}, "/usr/bin/virgo",
			`"/usr/bin/virgo" was installed as the package virgo-agent`, "apt-get install --only-upgrade virgo-agent",
		},
		"Fedora": {
			map[string]string{"dpkg-query": "exit 1", "rpm": `[ "$1" = -qf ] && [ "$4" = /usr/bin/virgo ] && printf virgo`}, "/usr/bin/virgo",
			"the package virgo", "dnf upgrade virgo",
		},
		"Alpine":         {map[string]string{"apk": "echo virgo-0.1.0-r0"}, "/usr/bin/virgo", "the package virgo-0.1.0-r0", "apk upgrade virgo-0.1.0-r0"},
		"Arch":           {map[string]string{"pacman": "echo virgo"}, "/usr/bin/virgo", "the package virgo", "pacman -Syu virgo"},
		"FreeBSD":        {map[string]string{"pkg": "echo sysutils/virgo"}, "/usr/local/bin/virgo", "the package virgo", "pkg upgrade virgo"},
		"Homebrew":       {nil, "/opt/homebrew/Cellar/virgo/0.1.0/bin/virgo", "the package virgo", "brew upgrade virgo"},
		"Nix":            {nil, "/nix/store/abc-virgo/bin/virgo", "the package abc-virgo", "upgrade it where your Nix configuration names it"},
		"a hostile name": {map[string]string{"dpkg-query": `echo "-rf /;: x"`}, "/usr/bin/virgo", "the package virgo", "apt-get install --only-upgrade virgo"},
	} {
		t.Run(name, func(t *testing.T) {
			scripts := map[string]string{}
			for program, text := range c.files {
				scripts[program] = "#!/bin/sh\n" + text + "\n"
			}
			t.Setenv("PATH", write(t, scripts))
			err := Packaged(context.Background(), c.path)
			var packaged *PackageError
			if (err == nil) != (c.want == "") || err != nil && (!errors.As(err, &packaged) || !strings.Contains(err.Error(), c.want) || packaged.Hint() != c.command) {
				t.Errorf("%v, want %q", err, c.want)
				if packaged != nil {
					t.Errorf("hint %q, want %q", packaged.Hint(), c.command)
				}
			}
		})
	}
}
