package main

import (
	"crypto/ed25519"
	"errors"
	"flag"
	"fmt"
	"os"
	"strconv"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"virgo/spool/bundle"
	"virgo/transport/receipt"
)

// packMain is the program "pack" of the scripts: it writes a bundle.
//
//	pack [-agent A] [-seed N] [-to AGE_RECIPIENT] [-from N] [-count N] [-bad] FILE
//
// Its results are numbered from -from on; with -bad another one is added that the endpoint refuses.
func packMain() {
	agent := flag.String("agent", "far", "")
	seed := flag.Int("seed", 1, "")
	to := flag.String("to", "", "")
	from := flag.Uint64("from", 1, "")
	count := flag.Uint64("count", 3, "")
	bad := flag.Bool("bad", false, "")
	flag.Parse()
	if err := pack(*agent, byte(*seed), *to, *from, *count, *bad, flag.Arg(0)); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func pack(agent string, seed byte, to string, from, count uint64, bad bool, file string) (err error) {
	f, err := os.Create(file)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	var opt bundle.WriterOptions
	if to != "" {
		r, err := bundle.ParseRecipient(to)
		if err != nil {
			return err
		}
		opt.Recipients = append(opt.Recipients, r)
	}
	key := ed25519.NewKeyFromSeed(append(make([]byte, ed25519.SeedSize-1), seed))
	made := time.Unix(1_700_000_000, 0)
	head := bundle.Header{Agent: agent, Name: "name of " + agent, ID: bundle.NewID(), Created: made, Version: "1"}
	w, err := bundle.NewWriter(f, head, key, opt)
	if err != nil {
		return err
	}
	for n := from; n < from+count; n++ {
		params := fmt.Sprintf(`{"check_id":"check-%d","check_type":"agent.memory","state":"available","status":"ok","timestamp":1700000000000,`+
			`"min_check_period":60000,"metrics":[[null,{"free":{"t":"gauge","v":"%d","u":"bytes"}}]]}`, n, n)
		if err := w.Add(bundle.Record{Order: n, ID: receipt.ID(agent, 1, n), Made: made,
			Data: []byte(params)}); err != nil {
			return err
		}
	}
	if bad {
		if err := w.Add(bundle.Record{Order: from + count, ID: receipt.ID(agent, 1, from+count),
			Made: made, Data: []byte("{}")}); err != nil {
			return err
		}
	}
	return w.Close()
}

// receiptMain is the program "receipt" of the scripts: it trusts the endpoint of a CA file and prints what
// each receipt of a file names.
//
//	receipt CA_FILE FILE
func receiptMain() {
	data, err := os.ReadFile(os.Args[2])
	if err == nil {
		err = showReceipts(data, os.Args[1])
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// damage FILE truncate N leaves the first N bytes of a file; damage FILE flip N changes byte N; damage FILE
// add TEXT appends text.
func damage(ts *testscript.TestScript, _ bool, args []string) {
	data := []byte(ts.ReadFile(args[0]))
	switch args[1] {
	case "add":
		data = append(data, args[2]...)
	default:
		n, err := strconv.Atoi(args[2])
		ts.Check(err)
		if args[1] == "truncate" {
			data = data[:n]
		} else {
			data[n] ^= 1
		}
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), data, 0o600))
}
