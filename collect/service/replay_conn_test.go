package service

import (
	"io"
	"net"
	"strings"
	"time"
)

// A replayConn is a connection to a server that sends a text, ignores requests, and closes.
type replayConn struct {
	net.Conn // nil: only the methods below are called
	rest     io.Reader
}

func newReplayConn(sent string) net.Conn { return replayConn{rest: strings.NewReader(sent)} }

func (r replayConn) Read(p []byte) (int, error)     { return r.rest.Read(p) }
func (replayConn) Write(p []byte) (int, error)      { return len(p), nil }
func (replayConn) Close() error                     { return nil }
func (replayConn) SetDeadline(time.Time) error      { return nil }
func (replayConn) SetReadDeadline(time.Time) error  { return nil }
func (replayConn) SetWriteDeadline(time.Time) error { return nil }
func (replayConn) LocalAddr() net.Addr              { return &net.TCPAddr{} }
func (replayConn) RemoteAddr() net.Addr             { return &net.TCPAddr{} }
