package main

import (
	"bufio"
	"crypto/tls"
	"net"
	"os"
)

// The budgets of virgo-run.
const (
	cpuBudgetRatio  = 1
	peakBudgetMiB   = 7.8
	anonBudgetMiB   = 1.4
	fileBudgetMB    = 8.3
	roundTripBudget = 3
)

// The names of the compared programs in the table.
const (
	smallName = "virgo-run"
	fullName  = "virgo run"
	bareName  = "bare program"
)

// runs measures virgo-run beside `virgo run` beside the bare program, in turns.
func (b *bench) runs(r *report) error {
	small, err := b.enrol("small", b.address)
	if err != nil {
		return err
	}
	full, err := b.enrol("full", b.address)
	if err != nil {
		return err
	}
	full.entry = b.full
	sink, err := b.newSink()
	if err != nil {
		return err
	}
	defer sink.Close()
	all, err := b.turns(
		small.contender(checks),
		full.contender(checks),
		contender{run: func() (sample, error) { return b.measure(b.env, b.bareArgv(sink.Addr().String())) }},
	)
	if err != nil {
		return err
	}
	of := compared{all[0], all[1], all[2]}
	r.section("A run of the seven host checks that delivers its results")
	r.compare("wall", of, wallMS, "ms", 0)
	r.compare("CPU", of, cpuMS, "ms", 0)
	r.atMost(smallName+": CPU, times the bare program's", of.small.ratio(of.bare, cpuMS), "", cpuBudgetRatio)
	r.add(fullName+": CPU, times the bare program's", of.full.ratio(of.bare, cpuMS), "")
	r.compare("peak resident", of, peakMiB, "MiB", peakBudgetMiB)
	r.compare("anonymous", of, anonMiB, "MiB", anonBudgetMiB)
	return b.programFiles(r)
}

// compared has the samples of virgo-run, of `virgo run` and of the bare program.
type compared struct{ small, full, bare series }

// compare adds a figure of the three programs, the first with a bound unless it is 0. It adds nothing
// if the system does not report the figure.
func (r *report) compare(what string, of compared, f func(sample) float64, unit string, bound float64) {
	switch value := of.small.median(f); {
	case value == 0:
		return
	case bound == 0:
		r.add(smallName+": "+what, value, unit)
	default:
		r.atMost(smallName+": "+what, value, unit, bound)
	}
	r.add(fullName+": "+what, of.full.median(f), unit)
	r.add(bareName+": "+what, of.bare.median(f), unit)
}

// programFiles adds the sizes of the programs.
func (b *bench) programFiles(r *report) error {
	var mb [3]float64
	for i, file := range []string{b.small.file, b.full.file, b.bare} {
		info, err := os.Stat(file)
		if err != nil {
			return err
		}
		mb[i] = float64(info.Size()) / 1e6
	}
	r.atMost(smallName+": program file", mb[0], "MB", fileBudgetMB)
	r.add("virgo: program file", mb[1], "MB")
	r.add(bareName+": program file", mb[2], "MB")
	return nil
}

// listenTLS listens on loopback with the endpoint's certificate.
func (b *bench) listenTLS() (net.Listener, error) {
	cert, err := tls.LoadX509KeyPair(b.path("store", "server.pem"), b.path("store", "server-key.pem"))
	if err != nil {
		return nil, err
	}
	return tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{cert}})
}

// newSink is the peer of the bare program: it reads a line and answers with an empty one.
func (b *bench) newSink() (net.Listener, error) {
	l, err := b.listenTLS()
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
