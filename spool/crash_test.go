package spool

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// childWork appends and settles, and reports what it is about to do and what it has done:
//
//	append FIRST LAST     payloads that it will append, all or none
//	appended ID PAYLOAD
//	settle ID             a record that it will settle
//	settled ID
//
// args: folder, first payload, rounds, hook point, and at which call of the hook to die (0: never).
func childWork(args []string) error {
	dir, point := args[0], args[3]
	payload, _ := strconv.Atoi(args[1])
	rounds, _ := strconv.Atoi(args[2])
	calls, _ := strconv.Atoi(args[4])
	s, err := Open(dir, Options{LockWait: time.Minute, Hook: func(p string) {
		if p == point {
			if calls--; calls == 0 {
				die()
			}
		}
	}})
	if err != nil {
		return err
	}
	ctx := context.Background()
	for round := range rounds {
		n := 1 + round%5
		fmt.Println("append", payload, payload+n-1)
		entries := make([]Entry, n)
		for i := range entries {
			entries[i] = Entry{Agent: "a", Made: time.Now(), Data: []byte(payloadData(payload))}
			payload++
		}
		records, err := appendAll(s, entries...)
		if err != nil {
			return err
		}
		for _, r := range records {
			fmt.Println("appended", r.ID, string(r.Data[:strings.IndexByte(string(r.Data), ' ')]))
		}
		if round%3 == 2 {
			records, err := s.Read(ctx, 0, 5, 1<<20)
			if err != nil {
				return err
			}
			var outcomes []Outcome
			for i, r := range records {
				o := Outcome{Seq: r.Seq}
				if i == 1 {
					o.Refused = &Refusal{Code: 400, Message: "no"}
				}
				outcomes = append(outcomes, o)
				fmt.Println("settle", r.ID)
			}
			if err := s.Settle(ctx, outcomes, nil); err != nil {
				return err
			}
			for _, r := range records {
				fmt.Println("settled", r.ID)
			}
		}
		if round%7 == 6 {
			if _, err := s.Drop(ctx, Selection{Rejected: true}); err != nil {
				return err
			}
		}
	}
	return nil
}

// payloadData returns data of various lengths, so that pages split and merge.
func payloadData(n int) string { return fmt.Sprintf("%d %s", n, strings.Repeat("x", n*37%1500)) }

// A history is what children reported.
type history struct {
	last     int               // the last payload that was to be appended
	pending  [2]int            // first and last payload of the last append
	appended map[string]string // id → payload
	settle   map[string]bool
	settled  map[string]bool
}

func newHistory() *history {
	return &history{appended: map[string]string{}, settle: map[string]bool{}, settled: map[string]bool{}}
}

func (h *history) note(line string) {
	f := strings.Fields(line)
	switch f[0] {
	case "append":
		h.pending[0], _ = strconv.Atoi(f[1])
		h.pending[1], _ = strconv.Atoi(f[2])
		h.last = max(h.last, h.pending[1])
	case "appended":
		h.appended[f[1]] = f[2]
	case "settle":
		h.settle[f[1]] = true
	case "settled":
		h.settled[f[1]] = true
	}
}

// check checks that the spool has each record that was reported as appended exactly once, or that
// it was settled. Records that were not reported must be the whole of the append that was under
// way; they count as reported from now on.
func (h *history) check(t *testing.T, s *Spool) {
	t.Helper()
	there := map[string]string{}
	var extra []string
	err := s.List(context.Background(), func(r Record) error {
		payload, _, _ := strings.Cut(string(r.Data), " ")
		if n, _ := strconv.Atoi(payload); string(r.Data) != payloadData(n) {
			t.Errorf("record %s is %.20q…", r.ID, r.Data)
		}
		if there[r.ID] != "" {
			t.Errorf("record %s is there twice", r.ID)
		}
		there[r.ID] = payload
		if _, ok := h.appended[r.ID]; !ok {
			extra = append(extra, payload)
			h.appended[r.ID] = payload
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for id, payload := range h.appended {
		switch got, ok := there[id]; {
		case ok && h.settled[id]:
			t.Errorf("record %s was settled and is still there", id)
		case ok && got != payload:
			t.Errorf("record %s is payload %s, was %s", id, got, payload)
		case !ok && !h.settle[id]:
			t.Errorf("record %s (payload %s) is lost", id, payload)
		}
	}
	for i, payload := range extra {
		if payload != strconv.Itoa(h.pending[1]-len(extra)+1+i) {
			t.Errorf("payloads %q were never appended (%v was under way)", extra, h.pending)
		}
	}
	// What was to be settled is settled or not; the next children start from what is there.
	for id := range h.settle {
		if _, ok := there[id]; ok {
			delete(h.settle, id)
		} else {
			h.settled[id] = true
		}
	}
}

// listen notes what a child reports until it ends.
func (h *history) listen(t *testing.T, p *process) {
	t.Helper()
	for line := p.next(t); line != ""; line = p.next(t) {
		h.note(line)
	}
	p.cmd.Wait()
}

func TestKilledAtEachHook(t *testing.T) {
	for _, point := range []string{
		"create.before", "create.after", "append.before", "append.after",
		"settle.before", "settle.after", "drop.before", "drop.after",
	} {
		t.Run(point, func(t *testing.T) {
			t.Parallel()
			dir := filepath.Join(t.TempDir(), "state")
			h := newHistory()
			for call := 1; call <= 3; call++ {
				if strings.HasPrefix(point, "create") {
					os.Remove(filepath.Join(dir, fileName)) // a creation each time
					h = newHistory()
				}
				p := start(t, "work", dir, strconv.Itoa(h.last+1), "40", point, strconv.Itoa(min(call, maxCalls(point))))
				h.listen(t, p)
				if code := p.cmd.ProcessState.ExitCode(); code == 0 || code == 1 && !diesWithOne {
					t.Fatalf("the child ended with %d: it never called the hook %s", code, point)
				}
				s := open(t, dir, Options{})
				if _, clean := s.readMarker(); clean {
					t.Error("the killed process left a clean marker")
				}
				h.check(t, s)
				// The next run works.
				r := put(t, s, payloadData(h.last+1))
				h.note(fmt.Sprintf("append %d %d", h.last+1, h.last+1))
				h.note(fmt.Sprintf("appended %s %d", r[0].ID, h.last))
				h.check(t, s)
			}
		})
	}
}

// maxCalls is how often a child calls a hook at most.
func maxCalls(point string) int {
	if strings.HasPrefix(point, "create") {
		return 1
	}
	return 3
}

func TestKilledAtAnyMoment(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "state")
	h := newHistory()
	rnd := rand.New(rand.NewPCG(1, 2))
	kills := 40
	if testing.Short() {
		kills = 8
	}
	for range kills {
		p := start(t, "work", dir, strconv.Itoa(h.last+1), "1000000", "-", "0")
		for range rnd.IntN(150) {
			h.note(p.next(t))
		}
		if err := p.cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		h.listen(t, p)
		s := open(t, dir, Options{})
		h.check(t, s)
		checkWhole(t, s.Path())
		settleAllBut(t, s, 20, h)
	}
	if len(h.appended) < kills {
		t.Errorf("only %d records were ever appended", len(h.appended))
	}
}

// settleAllBut settles all but the last n records, to bound the spool of a long test.
func settleAllBut(t *testing.T, s *Spool, n int, h *history) {
	t.Helper()
	records, err := s.Read(context.Background(), 0, 1<<20, 1<<30)
	if err != nil {
		t.Fatal(err)
	}
	for i := range max(len(records)-n, 0) {
		settle(t, s, Outcome{Seq: records[i].Seq})
		h.note("settle " + records[i].ID)
		h.note("settled " + records[i].ID)
	}
}

// childCompact replaces the file again and again. args: folder, times.
func childCompact(args []string) error {
	s, err := Open(args[0], Options{LockWait: time.Minute})
	if err != nil {
		return err
	}
	times, _ := strconv.Atoi(args[1])
	for range times {
		if err := s.Compact(context.Background()); err != nil {
			return err
		}
	}
	return nil
}

func TestSeveralProcesses(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "state")
	var children []*process
	for i := range 3 {
		children = append(children, start(t, "work", dir, strconv.Itoa(1+i*1000), "30", "-", "0"))
	}
	children = append(children, start(t, "compact", dir, "20"))
	h := newHistory()
	for _, p := range children {
		h.listen(t, p)
		if code := p.cmd.ProcessState.ExitCode(); code != 0 {
			t.Errorf("a child ended with %d", code)
		}
	}
	h.pending = [2]int{0, -1} // no append is under way any more
	if len(h.appended) != 3*90 {
		t.Errorf("%d records were appended, want %d", len(h.appended), 3*90)
	}
	h.check(t, open(t, dir, Options{}))
}
