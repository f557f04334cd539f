package script

import (
	"context"
	"net/url"
	"os"
	"syscall"
	"time"

	"virgo/collect"
	"virgo/schedule"
)

// A Guard decides on each use of the outside world: what the script declares, the owner grants, and the details of an
// endpoint's check may choose. Each error names what was refused and why. Type policy.ScriptGuard is one.
type Guard interface {
	// File returns the path to open, after links were followed.
	File(path string) (string, error)
	// Opened decides once more, on the file that was opened.
	Opened(f *os.File) error
	Program(name string) error
	Unix(path string) error
	URL(u *url.URL) error
	// Connect decides before the name is resolved; network is tcp or udp.
	Connect(network, host, port string) error
	// Control decides on each address that is dialled, as net.Dialer.ControlContext.
	Control(network, host string) func(context.Context, string, string, syscall.RawConn) error
	Name(dns string) error
	Figures(checkType string) error
}

// A Call is one check in Lua that runs: what its functions are given.
type Call struct {
	Ctx     context.Context // ends at the check's time limit
	Guard   Guard
	Details schedule.Details
	Now     time.Time
	Limits  Limits
	// Figures has the checks of the host that module host may run.
	Figures *collect.Registry
	// World is what the modules reach; the zero value is this host.
	World World

	used Used
}

// Used counts what a Call used so far.
type Used struct {
	Instructions int64
	Compute      time.Duration
	Files        int
	Connections  int
	Programs     int
}
