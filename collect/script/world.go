package script

import (
	"context"
	"crypto/tls"
	"io"
	"io/fs"
	"net"
	"net/http"
	"syscall"
	"time"

	"virgo/collect"
	"virgo/schedule"
)

// A World is what the modules of package api reach outside of the script. A part that is nil is
// this host's own; `virgo script test` puts what was captured in its place. It decides nothing: the
// modules ask the guard before each use, whoever answers, and bound what they are given.
type World struct {
	Files    Files
	Programs Programs
	Web      Web
	Network  Network
	Host     Host
	// Start calls start, which starts a program of this host, and returns its error: the script
	// process gives the program limits of its own meanwhile. nil: it is called at once.
	Start func(start func() error) error
}

// Files are files and folders. But for Resolve, the paths are those that the guard returned or
// Resolve did: no part of them is a link, and one that became a link meanwhile is an error.
type Files interface {
	// Resolve returns a path with all links followed, an error where nothing is.
	Resolve(ctx context.Context, path string) (string, error)
	// Open opens a regular file for reading; it never waits for one, as for a pipe, and opens
	// nothing else. Where the answer is an *os.File, the guard decides on it once more.
	Open(ctx context.Context, path string) (io.ReadCloser, error)
	// Stat says what is at a path.
	Stat(ctx context.Context, path string) (FileInfo, error)
	// Entries returns what is in a folder, in any order; an error where there is more than most.
	Entries(ctx context.Context, path string, most int) ([]FileInfo, error)
	// Readlink returns what a link names: the last part of the path.
	Readlink(ctx context.Context, path string) (string, error)
	// Space returns the space of the file system that a path is in.
	Space(ctx context.Context, path string) (Space, error)
}

// A FileInfo says what is at a path. Owner is the name of the user, or the number; UID and GID are
// -1 where the system has none.
type FileInfo struct {
	Name     string // without folder
	Size     int64
	Modified time.Time
	Mode     fs.FileMode
	UID, GID int
	Owner    string
}

// Space is that of a file system, in bytes, and in files; a file system without a number of files has 0.
type Space struct {
	Total, Free, Available uint64
	Files, FilesFree       uint64
}

// Programs are those of the system (package program).
type Programs interface {
	// Find returns the path of a program.
	Find(name string) (string, error)
	// Run runs a program to its end, without a shell. A code other than 0 is no error.
	Run(ctx context.Context, r ProgramRun) (ProgramOutput, error)
}

// A ProgramRun is what a program is started with.
type ProgramRun struct {
	Name      string
	Args      []string
	Input     string
	Env       []string // NAME=VALUE, beside the few that all programs have
	Merge     bool     // standard error goes where standard output goes
	MaxOutput int      // bytes; a program that prints more is killed
}

// ProgramOutput is what a program printed.
type ProgramOutput struct {
	Out, Err string
	Code     int // -1: a signal ended it
}

// Web sends one request of HTTP and returns the answer to it, also a redirect. The caller closes the body.
type Web interface {
	RoundTrip(r *http.Request, via Connection) (*http.Response, error)
}

// Network are connections and names.
type Network interface {
	// Dial connects, and negotiates TLS where the connection has it.
	Dial(ctx context.Context, c Connection) (net.Conn, error)
	// Resolve returns the records of a name, of the type A, AAAA, ANY (both of them), CNAME, MX,
	// NS, PTR, SRV or TXT.
	Resolve(ctx context.Context, name, recordType string) ([]string, error)
}

// A Connection is one that is to be made. Control is called with each address that is tried, and
// refuses it with an error.
type Connection struct {
	Network    string // tcp, udp or unix
	Host, Port string // of tcp and udp
	Path       string // of unix
	TLS        *tls.Config
	Control    func(ctx context.Context, network, address string, c syscall.RawConn) error
}

// Host says what this host is.
type Host interface {
	// Figures runs a check of this host.
	Figures(ctx context.Context, checkType string, d schedule.Details) (collect.Report, error)
	Facts(ctx context.Context) (Facts, error)
}

// Facts are those that few checks report.
type Facts struct {
	OS, Arch   string // as Go names them: linux, amd64
	Name       string
	BootTime   time.Time
	Interfaces []Interface
}

// An Interface is one of this host's network interfaces.
type Interface struct {
	Name      string
	Hardware  string // address, or empty
	MTU       int
	Up        bool
	Addresses []string // with the length of the prefix
}
