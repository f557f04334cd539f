package hostinfo

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"

	"virgo/collect/collecttest"
)

// A user's own crontab sets a variable before each job: every job would tell all of them.
func TestCronVariablesAreBounded(t *testing.T) {
	var table strings.Builder
	for i := range 500 {
		fmt.Fprintf(&table, "V%d=1\nSAME=2\n%s=3\n", i, strings.Repeat("L", maxCronVariable+1))
	}
	table.WriteString("* * * * * true\n")
	jobs := parseCrontab([]byte(table.String()), "alice")
	if len(jobs) != 1 || len(jobs[0].Environment) != maxCronVariables || jobs[0].Environment[1] != "SAME" || jobs[0].Environment[2] != "V1" {
		t.Errorf("%+v", jobs)
	}
}

// A pipe that its owner holds open, put where a file or a folder was, is not waited for.
func TestPipesAreNotWaitedFor(t *testing.T) {
	h := &Host{Root: t.TempDir()}
	pipe := filepath.Join(h.Root, "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := h.names("/pipe"); err == nil {
		t.Error("a pipe is listed")
	}
	if _, err := h.siteFolder(webRoot{}, "/pipe"); err == nil {
		t.Error("a pipe is searched")
	}
	if _, err := h.countFiles(t.Context(), "/pipe", 1); err == nil {
		t.Error("a pipe is counted")
	}
	held, err := os.OpenFile(pipe, os.O_RDWR|syscall.O_NONBLOCK, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer held.Close()
	if b := headOf(held, 10); b != nil {
		t.Errorf("%q is read of a pipe", b)
	}
}

// A lock file of millions of packages takes little more memory than itself.
func TestComposerLockTakesLittleMemory(t *testing.T) {
	const most = 1 << 20
	lock := []byte(`{"packages":[` + strings.Repeat("{},", most/3) + `{"name":"magento/product-community-edition","version":"2.4.7"}]}`)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	m := parseComposerLock(lock)
	runtime.ReadMemStats(&after)
	if m.Version != "2.4.7" {
		t.Errorf("%+v", m)
	}
	if took := after.TotalAlloc - before.TotalAlloc; took > 8*most {
		t.Errorf("it took %d bytes", took)
	}
}

// A program that another user started may not name files for root to read.
func TestLsyncdFileOfAnotherUser(t *testing.T) {
	if os.Geteuid() != 0 {
		collecttest.Lacks(t, "this test makes files of two users, as root alone can")
		return
	}
	h := &Host{Root: t.TempDir()}
	for name, owner := range map[string]int{"proc/7": 65534, "proc/8": 0, "root.lua": 0, "own.lua": 65534} {
		file := filepath.Join(h.Root, name)
		if err := os.MkdirAll(file, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.Chown(file, owner, owner); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		pid  int
		name string
		want bool
	}{{7, "/own.lua", true}, {7, "/root.lua", false}, {7, "/none.lua", false}, {8, "/root.lua", true}, {8, "/own.lua", true}, {9, "/own.lua", false}} {
		if got := h.ownFile(c.pid, c.name); got != c.want {
			t.Errorf("%+v: %v", c, got)
		}
	}
}

// gopsutil lengthens a name of 15 bytes by what argument 0 has behind it.
func TestProcessNameWithASecretBehindIt(t *testing.T) {
	program := filepath.Join(t.TempDir(), "a-program-with-a-long-name")
	sleep, err := os.ReadFile("/bin/sh")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(program, sleep, 0o755); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program, "-c", "echo; read x")
	cmd.Args[0] = "a-program-with-a-long-name --password=" + S
	waiting(t, cmd)
	all, err := readProcs(t.Context(), &Host{})
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range all.([]processInfo) {
		if int(p.PID) == cmd.Process.Pid {
			if strings.Contains(p.StateName, S) || !strings.HasPrefix(p.StateName, "a-program") {
				t.Errorf("%q", p.StateName)
			}
			return
		}
	}
	t.Error("the process is not there")
}

// A variable's value is a secret by the variable's name, which is gone where the value stands.
func TestVariablesThatAreSecrets(t *testing.T) {
	r := &apacheReader{vars: map[string]string{"PUSH_TOKEN": S, "HOME": "/srv"}}
	if w := r.words(`CustomLog "|/bin/ship ${PUSH_TOKEN} ${HOME}"`); strings.Join(w, " ") != "CustomLog |/bin/ship [redacted] /srv" {
		t.Errorf("%q", w)
	}
	c := jailConfig{"x": {"logpath": "/l/%(cftoken)s/%(name)s", "cftoken": S, "name": "n"}}
	if got := c.value("x", "logpath"); got != "/l/[redacted]/n" {
		t.Errorf("%q", got)
	}
}

func TestSSHDReadsNoMoreFilesThanItTakes(t *testing.T) {
	reads := 0
	c := sshdConfig{
		global:  make(sshdSettings),
		include: func(string) []string { return make([]string, 10*maxSSHDFiles) },
		read:    func(string) ([]byte, error) { reads++; return nil, nil },
	}
	c.parse([]byte("Include *\n"), 0)
	if reads > maxSSHDFiles+1 || c.wrong.err() == nil {
		t.Errorf("%d files, %v", reads, c.wrong.err())
	}
}

type countedRow struct {
	text string
	made *int
}

func (c countedRow) MarshalJSON() ([]byte, error) {
	*c.made++
	return json.Marshal(c.text)
}

// Of rows that are far too large for an answer no JSON is made.
func TestBoundMakesNoMoreThanItTells(t *testing.T) {
	made := 0
	rows := slices.Repeat([]countedRow{{strings.Repeat("x", MaxAnswerBytes/10), &made}}, MaxRows)
	if _, err := bound(rows); err == nil || made > 100 {
		t.Errorf("%d rows were made, %v", made, err)
	}
}

// The bytes per second are the same for both sizes, as for Redact.
func BenchmarkHostileTables(b *testing.B) {
	for name, parse := range map[string]func(string){
		"pam [":    func(s string) { parsePAM("x", []byte("auth "+strings.ReplaceAll(s, "x", "[ "))) },
		"nginx ${": func(s string) { (&nginxScanner{text: strings.ReplaceAll(s, "x", "${"), line: 1}).next() },
		"apache \\": func(s string) {
			for range apacheLines([]byte(strings.ReplaceAll(s, "x", "\\\n"))) {
				b.Fatal("there is no directive")
			}
		},
		"crontab V": func(s string) { parseCrontab([]byte(strings.ReplaceAll(s, "x", "V=1\n")), "alice") },
	} {
		for _, size := range []int{1 << 10, 64 << 10} {
			b.Run(fmt.Sprintf("%s/%dKiB", name, size>>10), func(b *testing.B) {
				s := strings.Repeat("x", size)
				b.SetBytes(int64(size))
				for b.Loop() {
					parse(s)
				}
			})
		}
	}
}
