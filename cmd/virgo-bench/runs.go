package main

import (
	"bufio"
	"crypto/tls"
	"database/sql"
	"fmt"
	"net"
	"os"
	"path/filepath"

	_ "modernc.org/sqlite" // the endpoint's store is asked what arrived
)

// The budgets of DESIGN.md that are to be met now.
const (
	peakBudgetMiB   = 8
	anonBudgetMiB   = 2
	cpuBudgetRatio  = 1.5
	binaryBudgetMB  = 12
	roundTripBudget = 3
)

// runs measures `virgo run` beside the bare program, in turns.
func (b *bench) runs(r *report) error {
	host, err := b.enrol("runs", b.address)
	if err != nil {
		return err
	}
	sink, err := newSink(filepath.Join(b.path("endpoint"), "server.pem"), filepath.Join(b.path("endpoint"), "server.key"))
	if err != nil {
		return err
	}
	defer sink.Close()
	bare := func() (sample, error) {
		m, err := measure(os.Environ(), b.bareBin, sink.Addr().String(), b.path("bare.db"))
		if err == nil && m.Code != 0 {
			err = fmt.Errorf("bare ended with %d: %s", m.Code, m.Stderr)
		}
		return m, err
	}
	// Twice unmeasured: the first fetches the schedule and takes its samples a second apart.
	for range 2 {
		if _, err := host.run("run", "--strict"); err != nil {
			return err
		}
		if _, err := bare(); err != nil {
			return err
		}
		nextSecond()
	}
	before, err := b.stored("runs")
	if err != nil {
		return err
	}
	var virgos, bares []sample
	for range b.cli.Runs {
		v, err := host.run("run", "--strict")
		if err != nil {
			return err
		}
		m, err := bare()
		if err != nil {
			return err
		}
		virgos, bares = append(virgos, v), append(bares, m)
		nextSecond()
	}
	after, err := b.stored("runs")
	if err != nil {
		return err
	}
	if got, want := after-before, b.cli.Runs*checks; got != want {
		return fmt.Errorf("%d runs stored %d results, want %d: what was measured is not the whole job", b.cli.Runs, got, want)
	}
	info, err := os.Stat(b.virgo)
	if err != nil {
		return err
	}
	r.add("run: wall", of(virgos, wallMS), "ms")
	r.add("run: CPU", of(virgos, cpuMS), "ms")
	r.add("bare: wall", of(bares, wallMS), "ms")
	r.add("bare: CPU", of(bares, cpuMS), "ms")
	r.budget("run: CPU, times bare", ratio(virgos, bares, cpuMS), "", cpuBudgetRatio)
	if of(virgos, peakMiB) > 0 {
		r.budget("run: peak resident", of(virgos, peakMiB), "MiB", peakBudgetMiB)
		r.budget("run: anonymous", of(virgos, anonMiB), "MiB", anonBudgetMiB)
		r.add("bare: peak resident", of(bares, peakMiB), "MiB")
		r.add("bare: anonymous", of(bares, anonMiB), "MiB")
	}
	r.budget("binary", float64(info.Size())/1e6, "MB", binaryBudgetMB)
	return nil
}

// stored asks the endpoint's database how many results of an agent it has.
func (b *bench) stored(agent string) (int, error) {
	matches, err := filepath.Glob(filepath.Join(b.path("endpoint"), "*.db"))
	if err != nil || len(matches) != 1 {
		return 0, fmt.Errorf("finding the endpoint's database: %v, %v", matches, err)
	}
	db, err := sql.Open("sqlite", "file:"+matches[0]+"?mode=ro")
	if err != nil {
		return 0, err
	}
	defer db.Close()
	var n int
	err = db.QueryRowContext(b.ctx, "select count(*) from results where agent_id = ?", agent).Scan(&n)
	return n, err
}

// newSink is the peer of the bare program: it reads a line and answers a byte.
func newSink(certFile, keyFile string) (net.Listener, error) {
	cert, err := tls.LoadX509KeyPair(certFile, keyFile)
	if err != nil {
		return nil, err
	}
	l, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{cert}})
	if err != nil {
		return nil, err
	}
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				if _, err := bufio.NewReader(conn).ReadBytes('\n'); err == nil {
					conn.Write([]byte{'\n'})
				}
			}()
		}
	}()
	return l, nil
}
