package agent

import (
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"
)

// A hung virgo is killed as soon as no run can take longer, and no earlier.
func TestLongestRun(t *testing.T) {
	config := filepath.Join(t.TempDir(), "virgo.yaml")
	d := func(d time.Duration) *time.Duration { return &d }
	for _, tt := range []struct {
		config, variable string
		deadline         *time.Duration
		splay            Splay
		want             time.Duration
	}{
		{"{agent_id: a}", "", nil, Splay{}, 50 * time.Second},
		{"{agent_id: a}", "", nil, Splay{Set: true}, 80 * time.Second},
		{"{agent_id: a}", "", nil, Splay{Set: true, Wait: d(5 * time.Second)}, 55 * time.Second},
		{"{agent_id: a}", "", d(20 * time.Second), Splay{Set: true, Wait: d(0)}, 20 * time.Second},
		{"{deadline: 5s}", "", d(20 * time.Second), Splay{}, 20 * time.Second},
		{"{deadline: 5s}", "", nil, Splay{}, 24 * time.Hour}, // it cannot be read
		{"{agent_id: a}", "1m", nil, Splay{}, 24 * time.Hour},
		{"{agent_id: a}", "", d(-time.Hour), Splay{}, 0}, // virgo refuses it at once
	} {
		if err := os.WriteFile(config, []byte(tt.config), 0o600); err != nil {
			t.Fatal(err)
		}
		p := &Program{Settings: Settings{Config: config}, Getenv: func(name string) string {
			return map[string]string{"VIRGO_DEADLINE": tt.variable}[name]
		}}
		if got := p.LongestRun(RunOptions{Deadline: tt.deadline}, tt.splay); got != tt.want {
			t.Errorf("%+v: %s", tt, got)
		}
	}
	p := &Program{Getenv: func(string) string { return "" }}
	if got := p.LongestRun(RunOptions{Deadline: d(math.MaxInt64)}, Splay{Set: true}) + siblingGrace; got < 0 {
		t.Errorf("the longest deadline ends %s ago", -got)
	}
}

// A virgo that cannot even be killed is not waited for.
func TestVirgoThatCannotBeKilled(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self, "-test.list=^$")
	if err := cmd.Run(); err != nil { // no signal changes anything for it
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		err := awaitSibling(cmd, nil, nil, time.Minute)
		if took := time.Since(began); took != time.Minute+siblingGrace+2*overdueGrace || err == nil || Hint(err) == "" {
			t.Errorf("it returned %v after %s", err, took)
		}
	})
}

// The text of a build is found wherever reads of the file divide it.
func TestContains(t *testing.T) {
	const text = "virgo-build 1 abc;"
	for _, before := range []int{0, 1, 64<<10 - len(text), 64<<10 - 5, 64 << 10, 200_000} {
		file := strings.Repeat("v", before) + text
		for _, tt := range []struct {
			file string
			want bool
		}{{file, true}, {file + "more", true}, {file[:len(file)-1], false}, {file[:len(file)-1] + ":", false}} {
			got, err := contains(strings.NewReader(tt.file), text)
			if got != tt.want || err != nil {
				t.Errorf("after %d bytes: %v, %v", before, got, err)
			}
		}
		if got, err := contains(iotest.OneByteReader(strings.NewReader(file[max(0, before-100):])), text); !got || err != nil {
			t.Errorf("byte by byte, after %d: %v, %v", before, got, err)
		}
	}
	if _, err := contains(iotest.ErrReader(os.ErrInvalid), text); err == nil {
		t.Error("a file that cannot be read is of another build")
	}
}
