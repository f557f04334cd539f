package limits

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"virgo/collect/collecttest"
	"virgo/collect/script/breach"
)

// programVariable names the program that this test binary is, started as a child that is limited.
const programVariable = "LIMITED_PROGRAM"

var testLimits = breach.Limits{MemoryBytes: 64 << 20, CPU: time.Second}

func TestMain(m *testing.M) {
	name := os.Getenv(programVariable)
	if name == "" {
		os.Exit(m.Run())
	}
	breach := func() {
		fmt.Fprintln(os.Stderr, breach.Text(testLimits.MemoryBytes))
		os.Exit(1)
	}
	var applied *Process
	var err error
	if name == "watched" {
		applied = startWatchdog(testLimits.MemoryBytes, breach)
	} else {
		applied, err = Apply(testLimits, breach)
	}
	if err == nil {
		fmt.Println(applied.Memory)
		err = programs[name](applied)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(3)
	}
	os.Exit(0)
}

// programs are what the children do. kept keeps what they allocate.
var programs = map[string]func(p *Process) error{
	"honest": func(*Process) error {
		// Garbage of 400 MiB beside 12 MiB that are in use, from as many goroutines as scripts run at once.
		done := make(chan [][]byte)
		for range 8 {
			go func() {
				live := make([][]byte, 16)
				for i := range 512 {
					live[i%len(live)] = bytes.Repeat([]byte{1}, 96<<10)
				}
				done <- live
			}()
		}
		var kept [][][]byte
		for range 8 {
			kept = append(kept, <-done)
		}
		runtime.KeepAlive(kept)
		return nil
	},
	"grows":   grow,
	"watched": grow,
	"large": func(*Process) error {
		runtime.KeepAlive(bytes.Repeat([]byte{1}, 1<<30))
		return nil
	},
	"recurses": func(*Process) error {
		if deep(1) == 0 {
			return errors.New("came back")
		}
		return nil
	},
	"computes": func(*Process) error {
		for n := 1; n%2 == 1; n += 2 { // as it is for ever
		}
		return nil
	},
	"writes": func(*Process) error {
		f, err := os.OpenFile("file", os.O_WRONLY|os.O_CREATE, 0o600)
		if err != nil {
			return err
		}
		if _, err := f.WriteString("x"); !errors.Is(err, syscall.EFBIG) {
			return fmt.Errorf("writing a byte: %v", err)
		}
		return f.Close()
	},
	"opens": func(*Process) error {
		var files []*os.File
		for range 1000 {
			f, err := os.Open("/dev/null")
			if errors.Is(err, syscall.EMFILE) {
				return nil
			}
			if err != nil {
				return err
			}
			files = append(files, f)
		}
		return fmt.Errorf("opened %d files", len(files))
	},
	"starts": func(p *Process) error {
		before, err := softLimits()
		if err != nil {
			return err
		}
		cmd := exec.Command("/bin/sh", "-c", "ulimit -S -d; ulimit -S -n; echo text >written; ulimit -H -t")
		cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
		if err = p.ForChild(cmd.Start); err == nil {
			err = cmd.Wait()
		}
		if after, err := softLimits(); err != nil || after != before {
			return fmt.Errorf("the limits were %v and are %v, %v", before, after, err)
		}
		return err
	},
}

func grow(*Process) error {
	var kept [][]byte
	for range 1 << 20 {
		kept = append(kept, bytes.Repeat([]byte{1}, 4<<10))
	}
	runtime.KeepAlive(kept)
	return nil
}

func deep(n int) int {
	var frame [64]int
	frame[n%64] = n
	if n < 0 { // which no stack reaches
		return 0
	}
	return deep(n+1) + frame[(n+1)%64]
}

func softLimits() (soft [3]uint64, err error) {
	for i, resource := range []int{syscall.RLIMIT_DATA, syscall.RLIMIT_FSIZE, syscall.RLIMIT_NOFILE} {
		if soft[i], _, err = get(resource); err != nil {
			return soft, err
		}
	}
	return soft, nil
}

// child returns this test as a program, without the race detector.
func child(t *testing.T) string {
	t.Helper()
	if collecttest.Race() {
		file := filepath.Join(t.TempDir(), "limits.test")
		build := exec.Command("go", "test", "-c", "-trimpath", "-o", file, ".")
		build.Env = append(os.Environ(), "CGO_ENABLED=0")
		if out, err := build.CombinedOutput(); err != nil {
			t.Fatalf("go test -c: %v: %s", err, out)
		}
		return file
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return self
}

// limited starts a child as one of programs.
func limited(t *testing.T, self, name string) (stdout, died string, used time.Duration) {
	t.Helper()
	var out, errs bytes.Buffer
	cmd := exec.CommandContext(t.Context(), self)
	cmd.Dir, cmd.Env = t.TempDir(), append(os.Environ(), programVariable+"="+name, "GOTRACEBACK=none", "GOMAXPROCS=2")
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil && cmd.ProcessState == nil {
		t.Fatal(err)
	}
	first, _, _ := strings.Cut(errs.String(), "\n")
	if name == "starts" {
		if text, err := os.ReadFile(filepath.Join(cmd.Dir, "written")); err != nil || string(text) != "text\n" {
			t.Errorf("the program of a script wrote %q, %v", text, err)
		}
	}
	s := cmd.ProcessState
	return out.String(), strings.TrimSpace(first + " (" + s.String() + ")"), s.UserTime() + s.SystemTime()
}

func TestBreachesEndTheProcess(t *testing.T) {
	self := child(t)
	for _, c := range []struct{ name, stdout, kind, text string }{
		{"honest", "rlimit\n", "", ""},
		{"grows", "rlimit\n", breach.KindMemory, "broke the limit of 64 MiB of memory"},
		{"watched", "watchdog\n", breach.KindMemory, "broke the limit of 64 MiB of memory"},
		{"large", "rlimit\n", breach.KindMemory, "broke the limit of 64 MiB of memory"},
		{"recurses", "rlimit\n", breach.KindMemory, "broke the limit of 16 MiB of stack: it calls itself too deep"},
		{"computes", "rlimit\n", breach.KindCompute, "broke the limit of 1s of processor time"},
		{"writes", "rlimit\n", "", ""},
		{"opens", "rlimit\n", "", ""},
		{"starts", "rlimit\n524288\n1024\n1\n", "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			stdout, died, used := limited(t, self, c.name)
			if stdout != c.stdout {
				t.Errorf("printed %q, want %q", stdout, c.stdout)
			}
			if c.kind == "" {
				if died != "(exit status 0)" {
					t.Errorf("died: %s", died)
				}
				return
			}
			if kind, text := breach.Describe(died, used, testLimits); kind != c.kind || text != c.text {
				t.Errorf("died after %s: %s, which is %q, %q, want %q, %q", used, died, kind, text, c.kind, c.text)
			}
		})
	}
}
