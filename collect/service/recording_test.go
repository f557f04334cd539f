package service

import (
	"io"
	"net"
	"strings"
	"time"
)

// A recording is a connection to a server that says what it has to say whatever it is asked, and closes.
type recording struct {
	net.Conn // nil: what is not below is not asked of it
	rest     io.Reader
}

func record(said string) net.Conn { return recording{rest: strings.NewReader(said)} }

func (r recording) Read(p []byte) (int, error)     { return r.rest.Read(p) }
func (recording) Write(p []byte) (int, error)      { return len(p), nil }
func (recording) Close() error                     { return nil }
func (recording) SetDeadline(time.Time) error      { return nil }
func (recording) SetReadDeadline(time.Time) error  { return nil }
func (recording) SetWriteDeadline(time.Time) error { return nil }
func (recording) LocalAddr() net.Addr              { return &net.TCPAddr{} }
func (recording) RemoteAddr() net.Addr             { return &net.TCPAddr{} }
