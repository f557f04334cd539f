package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"

	"github.com/prometheus/client_golang/exp/api/remote"
	writev2 "github.com/prometheus/client_golang/exp/api/remote/genproto/v2"
)

// sinkMain is the program "sink" of the scripts: a receiver of remote write 2.0.
//
//	sink ADDRESS FILE PID
//
// It appends a line for each new sample to FILE. Where the file PID is there, it kills that process (SIGKILL) once it has a batch,
// before it answers, and removes the file. Its address is in the file ADDRESS.
func sinkMain() {
	s := &sink{file: os.Args[2], pid: os.Args[3], seen: make(map[string]bool)}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err == nil {
		err = os.WriteFile(os.Args[1], []byte(listener.Addr().String()), 0o600)
	}
	if err == nil {
		err = http.Serve(listener, remote.NewWriteHandler(s, remote.MessageTypes{remote.WriteV2MessageType}))
	}
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

type sink struct {
	file, pid string
	seen      map[string]bool
}

// Store takes each sample once.
func (s *sink) Store(r *http.Request, _ remote.WriteMessageType) (*remote.WriteResponse, error) {
	answer := remote.NewWriteResponse()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return answer, err
	}
	var message writev2.Request
	if err := message.UnmarshalVT(body); err != nil {
		return answer, err
	}
	file, err := os.OpenFile(s.file, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return answer, err
	}
	out := bufio.NewWriter(file)
	for _, one := range message.Timeseries {
		for _, v := range one.Samples {
			line := fmt.Sprint(strings.Join(writev2.DesymbolizeLabels(one.LabelsRefs, message.Symbols, nil), " "), " ", v.Timestamp, " ", v.Value)
			if answer.Samples++; !s.seen[line] {
				s.seen[line] = true
				fmt.Fprintln(out, line)
			}
		}
	}
	return answer, errors.Join(out.Flush(), file.Close(), s.kill())
}

func (s *sink) kill() error {
	text, err := os.ReadFile(s.pid)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	pid, err2 := strconv.Atoi(strings.TrimSpace(string(text)))
	if err := errors.Join(err, err2, os.Remove(s.pid)); err != nil {
		return err
	}
	p, err := os.FindProcess(pid)
	if err != nil {
		return err
	}
	return p.Kill()
}
