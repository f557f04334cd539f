package main

import (
	"io"
	"net/http"
	"regexp"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// askAPI sends a request to the API of an endpoint that was started with serve DIR api, and waits until its answer
// matches: api METHOD PATH REGEXP. What a host sends last an endpoint may store when the host's program has ended.
func askAPI(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: api METHOD PATH REGEXP")
	}
	want := regexp.MustCompile(args[2])
	var body []byte
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for limit := time.Now().Add(time.Minute); time.Now().Before(limit); <-tick.C {
		r, err := http.NewRequest(args[0], ts.Getenv("API")+args[1], nil)
		ts.Check(err)
		r.Header.Set("Authorization", "Bearer "+ts.Getenv("ADMIN"))
		res, err := http.DefaultClient.Do(r)
		ts.Check(err)
		body, err = io.ReadAll(io.LimitReader(res.Body, 1<<20))
		res.Body.Close()
		ts.Check(err)
		if want.Match(body) {
			return
		}
		if args[0] != http.MethodGet {
			break // it is sent once
		}
	}
	ts.Fatalf("%s %s answers %s", args[0], args[1], body)
}
