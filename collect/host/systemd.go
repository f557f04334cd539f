package host

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"virgo/collect"
	"virgo/collect/program"
	"virgo/schedule"
)

type systemd struct {
	// run runs systemctl, in the C locale.
	run func(ctx context.Context, args ...string) ([]byte, error)
	// booted reports whether systemd is this host's init.
	booted func() bool
	// monotonic is the clock of systemd's timestamps.
	monotonic func() time.Duration
}

func systemdType() collect.Type {
	return collect.Type{
		Name:       "agent.systemd",
		Summary:    "state of a systemd unit (Linux)",
		Details:    []collect.Detail{{Name: "target", Role: schedule.Other, Summary: "unit, for example nginx or backup.timer", Required: true}},
		KeyMetrics: []string{"active_state", "sub_state", "restarts", "uptime"},
		Checker:    systemd{run: systemctl, booted: systemdRuns, monotonic: monotonic},
	}
}

// Targets returns the loaded services, timers, sockets, mounts and paths.
func (s systemd) Targets(ctx context.Context) ([]string, error) {
	out, err := s.query(ctx, "list-units", "--all", "--full", "--plain", "--no-legend", "--no-pager",
		"--type=service,timer,socket,mount,path")
	if err != nil {
		return nil, err
	}
	return parseUnits(string(out)), nil
}

// Check reports a unit's active_state and sub_state as systemd names them, the restarts of a
// service by systemd itself (since version 235), and the uptime of an active unit in seconds. A
// unit that is not active is reported by active_state and the status; the check is unavailable only
// if the unit does not exist.
func (s systemd) Check(ctx context.Context, req collect.Request) (collect.Report, error) {
	if !systemdHere {
		return unavailable("agent.systemd available only on Linux")
	}
	if err := ctx.Err(); err != nil {
		return collect.Report{}, err
	}
	name, err := collect.RequiredText(req.Check.Details, "target")
	if err != nil {
		return collect.Report{}, err
	}
	if !isUnitName(name) {
		return unavailable(fmt.Sprintf("Wrong target parameter: %.64q is not a unit's name", name))
	}
	if isTemplate(name) {
		return unavailable(fmt.Sprintf("Wrong target parameter: %.64q is a template: give an instance, with a name after the @",
			name))
	}
	out, err := s.query(ctx, "show", "--property="+unitProperties, "--", name)
	if err != nil {
		return collect.Report{}, err
	}
	u := parseUnit(string(out))
	switch u.load {
	case "":
		return collect.Report{}, fmt.Errorf("systemctl does not report the state of %s", name)
	case "not-found":
		return unavailable("No such unit: " + name)
	}
	var f collect.MetricBuilder
	f.Text("active_state", u.active)
	f.Text("sub_state", u.sub)
	if n, err := strconv.ParseUint(u.restarts, 10, 64); err == nil {
		f.Uint64("restarts", n, "count")
	}
	if µs, err := strconv.ParseInt(u.entered, 10, 64); err == nil && µs > 0 && u.isActive() {
		f.Double("uptime", max(0, s.monotonic().Seconds()-float64(µs)/1e6), "seconds")
	}
	return collect.Report{Metrics: f.Metrics, Status: u.inactiveStatus(name)}, nil
}

func (s systemd) query(ctx context.Context, args ...string) ([]byte, error) {
	if !systemdHere {
		return nil, errors.New("agent.systemd available only on Linux")
	}
	out, err := s.run(ctx, args...)
	if exit := (*program.ExitError)(nil); errors.As(err, &exit) && !s.booted() {
		return nil, errors.New("systemd does not run this host")
	}
	return out, err
}

// unitProperties are the properties to show (org.freedesktop.systemd1(5)).
const unitProperties = "LoadState,ActiveState,SubState,Result,NRestarts,ActiveEnterTimestampMonotonic"

// A unit is what systemctl show prints of it; empty where this version, or this type of unit, has
// no such property.
type unit struct {
	load, active, sub, result string
	restarts                  string
	entered                   string // µs of the monotonic clock when it became active; "0": never
}

// parseUnit parses lines of property=value, in any order; other lines are skipped.
func parseUnit(out string) (u unit) {
	for line := range strings.Lines(out) {
		property, value, _ := strings.Cut(strings.TrimRight(line, "\r\n"), "=")
		switch property {
		case "LoadState":
			u.load = value
		case "ActiveState":
			u.active = value
		case "SubState":
			u.sub = value
		case "Result":
			u.result = value
		case "NRestarts":
			u.restarts = value
		case "ActiveEnterTimestampMonotonic":
			u.entered = value
		}
	}
	return u
}

func (u unit) isActive() bool {
	return u.active == "active" || u.active == "reloading" || u.active == "refreshing"
}

// inactiveStatus describes a unit that is not active; empty for one that is.
func (u unit) inactiveStatus(name string) string {
	if u.isActive() {
		return ""
	}
	text := name + " is " + u.active + " (" + u.sub
	if u.load != "loaded" {
		text += ", " + u.load
	}
	if u.result != "" && u.result != "success" {
		text += ", " + u.result
	}
	return text + ")"
}

// maxUnits bounds how many units are listed.
const maxUnits = 10_000

// parseUnits parses the first columns of systemctl list-units (unit, load state), which a mark may
// precede (●, ×, * for a unit that failed). A unit that others only refer to (After=mysql.service
// on a host without it) is not-found, and left out.
func parseUnits(out string) []string {
	var units []string
	for line := range strings.Lines(out) {
		fields := strings.Fields(line)
		if len(fields) > 0 && !strings.Contains(fields[0], ".") {
			fields = fields[1:]
		}
		if len(fields) > 1 && fields[1] == "not-found" {
			continue
		}
		if len(fields) > 0 && isUnitName(fields[0]) && len(units) < maxUnits {
			units = append(units, fields[0])
		}
	}
	return units
}

// isTemplate reports whether a unit's name has nothing between its @ and the suffix, or the end.
func isTemplate(name string) bool {
	_, instance, found := strings.Cut(name, "@")
	return found && (instance == "" || instance[0] == '.' && !strings.Contains(instance[1:], "."))
}

// isUnitName reports whether systemd.unit(5) allows the name, with or without a suffix. A dash
// comes first only in the names of the root (-.mount, -.slice), so that no name is an option of
// systemctl.
func isUnitName(name string) bool {
	const maxBytes = 255
	if name == "" || len(name) > maxBytes || name[0] == '-' && !strings.HasPrefix(name, "-.") {
		return false
	}
	for _, c := range []byte(name) {
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9':
		case strings.IndexByte(`:-_.\@`, c) >= 0:
		default:
			return false
		}
	}
	return true
}
