package spool

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"virgo/spool/internal/boltfile"
)

// damageCases is how many files an ordinary test damages. With VIRGO_TORTURE (a duration, as in
// package torture) it is allDamageCases; VIRGO_TORTURE_REPORT names a file to which the number is
// appended.
const (
	damageCases    = 600
	allDamageCases = 10_000
)

func TestDamage(t *testing.T) {
	t.Run("anywhere", testDamageAnywhere)
	t.Run("aimed", testAimedDamage)
}

// Whatever the damage: no file kills two processes, nothing hangs, nothing is returned that was not
// appended, every operation succeeds the second time, and what is appended afterwards can be read.
func testDamageAnywhere(t *testing.T) {
	dir := inMemory(t)
	for i, b := range damageSubjects(t) {
		if err := os.WriteFile(filepath.Join(dir, strconv.Itoa(i)), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	runCases(t, "damage", "damaged-spools", dir, damageCases)
}

// runCases has children do the cases, and another one go on after one was killed by its case. All
// of them are allDamageCases.
func runCases(t *testing.T, child, name, dir string, cases int) {
	t.Helper()
	if os.Getenv("VIRGO_TORTURE") != "" {
		cases = allDamageCases
	} else if testing.Short() {
		cases /= 10
	}
	deaths, recovered := 0, 0
	diedOf := -1
	for next := 0; next < cases; {
		p := start(t, child, dir, strconv.Itoa(next), strconv.Itoa(cases), strconv.FormatBool(diedOf == next))
		for line := p.next(t); line != ""; line = p.next(t) {
			switch f := strings.Fields(line); f[0] {
			case "case":
				next, _ = strconv.Atoi(f[1])
			case "recovered":
				recovered++
			case "done":
				next = cases
			}
		}
		if p.cmd.Wait(); next < cases {
			if diedOf == next {
				t.Fatalf("case %d killed two processes", next)
			}
			diedOf = next
			deaths++
		}
	}
	if recovered == 0 {
		t.Error("no file was damaged enough to be repaired")
	}
	t.Logf("torture: %s: %d cases, %d were repaired, %d killed one process", name, cases, recovered, deaths)
	report(t, name, cases)
}

// inMemory returns a folder on a file system on which syncs cost nothing, where there is one.
func inMemory(t *testing.T) string {
	dir, err := os.MkdirTemp("/dev/shm", "virgo-spool")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

func report(t *testing.T, name string, cases int) {
	path := os.Getenv("VIRGO_TORTURE_REPORT")
	if path == "" {
		return
	}
	f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := fmt.Fprintln(f, name, cases); err != nil {
		t.Fatal(err)
	}
}

// damageSubjects returns files to damage, each followed by an older state of the same file.
func damageSubjects(t *testing.T) (files [][]byte) {
	read := func(s *Spool) {
		b, err := os.ReadFile(s.Path())
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, b)
	}
	small := newSpool(t, Options{})
	put(t, small, payloadData(1), payloadData(2))
	read(small)
	put(t, small, payloadData(3), payloadData(4), payloadData(5))
	settle(t, small, Outcome{Seq: 1}, Outcome{Seq: 2, Refused: &Refusal{Code: 400, Message: "no"}})
	read(small)

	large := newSpool(t, Options{})
	for i := range 60 {
		data := make([]string, 7)
		for k := range data {
			data[k] = payloadData(7*i + k)
		}
		records := put(t, large, data...)
		if i%9 == 8 {
			settle(t, large, Outcome{Seq: records[0].Seq},
				Outcome{Seq: records[1].Seq, Refused: &Refusal{Code: 400, Message: "no"}})
		}
		if i == 40 {
			read(large)
		}
		putState(t, large, "space", "key", bytes.Repeat([]byte{byte(i)}, 3000))
	}
	read(large)

	old, err := os.ReadFile("testdata/format1.db")
	if err != nil {
		t.Fatal(err)
	}
	files[0], files[1], files[2], files[3] = files[1], files[0], files[3], files[2]
	return append(files, old, old)
}

// childDamage damages one file after the other, and uses each. args: folder of the subjects, first
// case, end of the cases, whether the first one has killed a process.
func childDamage(args []string) error {
	return eachCase(args, func(n int, files [][]byte, dir string) error {
		path := filepath.Join(dir, fileName)
		if _, err := os.Stat(path); errors.Is(err, os.ErrNotExist) {
			rnd := rand.New(rand.NewPCG(uint64(n), 4))
			i := 2 * (n % (len(files) / 2))
			if err := os.WriteFile(path, damage(rnd, files[i], files[i+1]), 0o600); err != nil {
				return err
			}
		}
		return useAll(dir)
	})
}

// eachCase calls fn for every case that the arguments of childDamage name, with the subjects and the
// case's folder. The folder has the file of a child that was killed by the case.
func eachCase(args []string, fn func(n int, files [][]byte, dir string) error) error {
	first, _ := strconv.Atoi(args[1])
	end, _ := strconv.Atoi(args[2])
	again := args[3] == "true"
	var files [][]byte
	for i := 0; ; i++ {
		b, err := os.ReadFile(filepath.Join(args[0], strconv.Itoa(i)))
		if err != nil {
			break
		}
		files = append(files, b)
	}
	for n := first; n < end; n++ {
		fmt.Println("case", n)
		dir := filepath.Join(args[0], fmt.Sprint("state-", n))
		if !again {
			if err := os.Mkdir(dir, 0o700); err != nil {
				return err
			}
		}
		again = false
		if err := fn(n, files, dir); err != nil {
			return fmt.Errorf("case %d: %w", n, err)
		}
		if err := os.RemoveAll(dir); err != nil {
			return err
		}
	}
	fmt.Println("done")
	return nil
}

// damage damages a file in one of nine ways.
func damage(rnd *rand.Rand, good, older []byte) []byte {
	b := bytes.Clone(good)
	pages := len(b) / boltfile.PageSize
	page := func(b []byte, i int) []byte { return b[i*boltfile.PageSize : (i+1)*boltfile.PageSize] }
	any := func() []byte { return page(b, rnd.IntN(pages)) }
	switch rnd.IntN(9) {
	case 0:
		for range 1 + rnd.IntN(20) {
			b[rnd.IntN(len(b))] ^= 1 << rnd.IntN(8)
		}
	case 1:
		for range 1 + rnd.IntN(3) {
			clear(any())
		}
	case 2:
		i, j := any(), any()
		for k := range i {
			i[k], j[k] = j[k], i[k]
		}
	case 3:
		b = b[:rnd.IntN(len(b))]
	case 4: // the heads of pages, where the numbers are that bbolt follows
		for range 1 + rnd.IntN(3) {
			any()[rnd.IntN(64)] = byte(rnd.IntN(256))
		}
	case 5:
		for range 1 + rnd.IntN(4) {
			i := rnd.IntN(min(pages, len(older)/boltfile.PageSize))
			copy(page(b, i), page(older, i))
		}
	case 6:
		copy(any(), any())
	case 7: // of the right size
		for i := range b {
			b[i] = byte(rnd.IntN(256))
		}
		if rnd.IntN(2) == 0 {
			copy(b, good[:2*boltfile.PageSize])
		}
	case 8: // page numbers, which lead a tree elsewhere or back to itself
		for range 1 + rnd.IntN(6) {
			p := any()
			at := 16 + 8*rnd.IntN(12)
			binary.NativeEndian.PutUint64(p[at:], uint64(rnd.IntN(pages)))
		}
	}
	return b
}

// useAll calls every operation of a spool, again where the first call finds damage.
func useAll(dir string) error {
	s, err := Open(dir, Options{
		Now: func() time.Time { return testTime }, LockWait: time.Minute,
		Recovered: func(r Recovery) { fmt.Println("recovered", r) },
	})
	if err != nil {
		return err
	}
	ctx := context.Background()
	var wrong error
	check := func(r Record) error {
		var n int
		fmt.Sscan(string(r.Data), &n)
		switch d := string(r.Data); {
		case d == payloadData(n), d == "new", len(d) == 700, len(d) == 5:
		default:
			wrong = errors.Join(wrong, fmt.Errorf("returned %.20q…", d))
		}
		return nil
	}
	var appended string
	var seq uint64
	for i, op := range []func() error{
		func() error { _, err := s.Stats(ctx); return err },
		func() error { return s.List(ctx, check) },
		func() error { return s.ListRejected(ctx, func(r Record, _ Refusal) error { return check(r) }) },
		func() error { _, err := s.Read(ctx, 0, 50, 1<<20); return err },
		func() error { _, err := s.ReadBack(ctx, 0, 50, 1<<20); return err },
		func() error {
			records, err := appendAll(s, entry("new"))
			if err == nil {
				appended, seq = records[0].ID, records[0].Seq
			}
			return err
		},
		func() error {
			return s.Settle(ctx, []Outcome{{Seq: seq - 1}, {Seq: seq - 9, Refused: &Refusal{}}}, nil)
		},
		func() error {
			return s.Update(ctx, func(tx *Tx) error { tx.Get("space", "key"); return tx.Put("space", "other", nil) })
		},
		func() error { _, err := s.Retry(ctx, Selection{Rejected: true}); return err },
		func() error { return s.Compact(ctx) },
		func() error {
			found := false
			err := s.List(ctx, func(r Record) error { found = found || r.ID == appended; return check(r) })
			if err == nil && !found {
				err = errors.New("the record that was appended after the damage is lost")
			}
			return err
		},
		func() error { _, err := s.Drop(ctx, Selection{Waiting: true}); return err },
	} {
		err := op()
		if errors.Is(err, ErrDamaged) {
			err = op()
		}
		if err != nil {
			return fmt.Errorf("step %d: %w", i, err)
		}
	}
	return wrong
}
