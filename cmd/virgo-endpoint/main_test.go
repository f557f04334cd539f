package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"virgo-endpoint": main,
		"agent":          agentMain,
		"pack":           packMain,
		"receipt":        receiptMain,
		"fetch":          fetchMain,
		"sink":           sinkMain,
		"sealed":         sealedMain,
	})
}

func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 filepath.Join("testdata", "script"),
		RequireExplicitExec: true,
		Setup: func(env *testscript.Env) error {
			env.Setenv("D", filepath.Join(env.WorkDir, "endpoint"))
			env.Values[serving{}] = &served{}
			stores, err := filepath.Abs(filepath.Join("internal", "store", "testdata"))
			env.Setenv("STORES", stores)
			return err
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits":   exits,
			"until":   until,
			"serve":   serve,
			"unserve": unserve,
			"apiport": apiPort,
			"jsonenv": jsonenv,
			"damage":  damage,
			"killed":  killed,
		},
	})
}

// stop is a command of testscript's own, which ends a script as if it had passed.
func TestScriptsGoOnToTheirEnd(t *testing.T) {
	files, err := filepath.Glob(filepath.Join("testdata", "script", "*.txtar"))
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if regexp.MustCompile(`(?m)^stop\b`).Match(data) {
			t.Errorf("%s ends at a line with stop: unserve ends a server", file)
		}
	}
}

// exits CODE PROGRAM ARGS… expects that exit code.
func exits(ts *testscript.TestScript, _ bool, args []string) {
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	code := 0
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		var exit *exec.ExitError
		if !errors.As(err, &exit) {
			ts.Fatalf("%v", err)
		}
		code = exit.ExitCode()
	}
	if code != want {
		ts.Fatalf("exit code %d, want %d", code, want)
	}
}

// untilTime bounds until.
const untilTime = time.Minute

// until REGEXP PROGRAM ARGS… runs the program until its output matches.
func until(ts *testscript.TestScript, _ bool, args []string) {
	want := regexp.MustCompile(args[0])
	for end := time.Now().Add(untilTime); ; {
		ts.Check(ts.Exec(args[1], args[2:]...))
		if want.MatchString(ts.ReadFile("stdout")) {
			return
		}
		if time.Now().After(end) {
			ts.Fatalf("no match for %q", args[0])
		}
	}
}

type serving struct{}

// A served is the server that runs during a script.
type served struct {
	cmd *exec.Cmd
	log *os.File
}

// serve FLAGS… starts a server on $D, waits until it is ready, and puts its address into $ADDR and its
// line into the file serve.out, and its number into $PID. Its log goes to serve.log.
func serve(ts *testscript.TestScript, _ bool, args []string) {
	s := ts.Value(serving{}).(*served)
	program, err := exec.LookPath("virgo-endpoint")
	ts.Check(err)
	s.log, err = os.OpenFile(ts.MkAbs("serve.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	ts.Check(err)
	s.cmd = exec.Command(program,
		append([]string{"serve", "--dir", ts.Getenv("D"), "--listen", "127.0.0.1:0"}, args...)...)
	s.cmd.Stderr = s.log
	out, err := s.cmd.StdoutPipe()
	ts.Check(err)
	ts.Check(s.cmd.Start())
	ts.Setenv("PID", strconv.Itoa(s.cmd.Process.Pid))
	cmd := s.cmd
	ts.Defer(func() { cmd.Process.Kill(); cmd.Wait() })
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		ts.Fatalf("the server said nothing: %v\n%s", err, ts.ReadFile("serve.log"))
	}
	ts.Check(os.WriteFile(ts.MkAbs("serve.out"), []byte(line), 0o600))
	var doc serveDocument
	if json.Unmarshal([]byte(line), &doc) == nil {
		ts.Setenv("ADDR", doc.Address)
		ts.Setenv("API", doc.API)
		ts.Setenv("WEB", doc.Web)
		ts.Setenv("FIRST", doc.First)
	} else {
		ts.Setenv("ADDR", strings.TrimPrefix(strings.TrimSpace(line), "listening on "))
	}
}

// apiport sets $APIPORT to the port of $API.
func apiPort(ts *testscript.TestScript, _ bool, _ []string) {
	u, err := url.Parse(ts.Getenv("API"))
	ts.Check(err)
	ts.Setenv("APIPORT", u.Port())
}

// unserve ends the server with SIGTERM and expects exit code 0.
func unserve(ts *testscript.TestScript, _ bool, _ []string) {
	s := ts.Value(serving{}).(*served)
	ts.Check(s.cmd.Process.Signal(syscall.SIGTERM))
	if err := s.cmd.Wait(); err != nil {
		ts.Fatalf("the server: %v\n%s", err, ts.ReadFile("serve.log"))
	}
	s.log.Close()
}

// jsonenv NAME FIELD sets a variable to a field of the JSON document on stdout.
func jsonenv(ts *testscript.TestScript, _ bool, args []string) {
	var doc map[string]any
	if err := json.Unmarshal([]byte(ts.ReadFile("stdout")), &doc); err != nil {
		ts.Fatalf("stdout is not one JSON document: %v", err)
	}
	if doc["schema_version"] != 1.0 {
		ts.Fatalf("schema_version is %v", doc["schema_version"])
	}
	value, ok := doc[args[1]]
	if !ok {
		ts.Fatalf("no field %q", args[1])
	}
	ts.Setenv(args[0], fmt.Sprint(value))
}
