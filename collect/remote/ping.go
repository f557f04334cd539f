package remote

import (
	"context"
	"fmt"
	"time"

	"virgo/collect"
	"virgo/schedule"
)

const (
	defaultEchoes = 5
	maxEchoes     = 100
	// echoInterval lies between two echoes: what ping(8) lets any user do.
	echoInterval = 200 * time.Millisecond
	// echoWait is how long after the last echo an answer may come; one that takes longer is lost.
	echoWait = 2 * time.Second
	// echoMargin is left of the check's time when listening ends, so that what was lost is reported.
	echoMargin = 200 * time.Millisecond
)

type pingCheck struct{}

func pingType() collect.Type {
	return collect.Type{
		Name:    "remote.ping",
		Summary: "a host that answers ICMP echoes: how many of them, and how fast",
		Details: append([]collect.Detail{
			{Name: "count", Summary: "echoes to send, 1 to 100; default 5"},
		}, targetDetails(true)...),
		Telling: []string{"available", "average", "minimum", "maximum"},
		Checker: pingCheck{},
	}
}

// Check sends echoes. A host that answers none is a result with available 0 and state available, as alarms on
// available expect; one that there is no way to is a failure.
func (pingCheck) Check(ctx context.Context, req collect.Request) (collect.Report, error) {
	if err := ctx.Err(); err != nil {
		return collect.Report{}, err
	}
	host, count, only, err := readPing(req.Check)
	if err != nil {
		return collect.Report{}, err
	}
	to, err := resolve(ctx, only, host)
	if err != nil {
		return collect.Report{}, failure(ctx, "pinging "+host, err)
	}
	socket, err := openEcho(to)
	if err != nil {
		return collect.Report{}, failure(ctx, "pinging "+host, err)
	}
	defer socket.close()
	stop := context.AfterFunc(ctx, socket.close)
	defer stop()
	interval, wait := echoInterval, echoWait
	if deadline, ok := ctx.Deadline(); ok {
		left := max(time.Until(deadline)-echoMargin, 0)
		interval = min(interval, left/time.Duration(2*count))
		wait = min(wait, left-interval*time.Duration(count-1))
	}
	trips, err := socket.ping(int(count), interval, wait)
	if err != nil || ctx.Err() != nil {
		return collect.Report{}, failure(ctx, "pinging "+host, err)
	}
	report := collect.Report{Metrics: pingFigures(trips, count)}
	if len(trips) == 0 {
		report.Status = fmt.Sprintf("none of %d echoes was answered by %s", count, cut(host, maxPlaceBytes))
	}
	return report, nil
}

func readPing(check schedule.Check) (host string, count int64, only family, err error) {
	if host, err = requiredTarget(check); err != nil {
		return
	}
	if count, err = check.Details.Int("count", defaultEchoes); err != nil {
		return
	}
	if count < 1 || count > maxEchoes {
		text, _ := check.Details.Text("count")
		err = wrongDetail("count", text, fmt.Sprintf("a number from 1 to %d", maxEchoes))
		return
	}
	only, err = targetFamily(check.Details)
	return
}

// pingFigures are the metrics of count echoes, of which some came back after these times.
func pingFigures(trips []time.Duration, count int64) []collect.Metric {
	var f collect.Figures
	f.Double("available", 100*float64(len(trips))/float64(count), "percent")
	signed(&f, "count", count, "count")
	if len(trips) == 0 {
		return f.Metrics
	}
	least, most, sum := trips[0], trips[0], time.Duration(0)
	for _, d := range trips {
		least, most, sum = min(least, d), max(most, d), sum+d
	}
	f.Double("average", inMilliseconds(sum)/float64(len(trips)), "milliseconds")
	f.Double("minimum", inMilliseconds(least), "milliseconds")
	f.Double("maximum", inMilliseconds(most), "milliseconds")
	return f.Metrics
}

func inMilliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
