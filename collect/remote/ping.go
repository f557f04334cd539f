package remote

import (
	"context"
	"fmt"
	"net/netip"
	"strconv"
	"time"

	"virgo/collect"
	"virgo/schedule"
	"virgo/schedule/detail"
)

const (
	defaultProbes = 5
	maxProbes     = 100
	// probeInterval is the time between two requests, the shortest that ping(8) permits to all
	// users.
	probeInterval = 200 * time.Millisecond
	// replyTimeout is how long replies are awaited after the last request.
	replyTimeout = 2 * time.Second
	// reportMargin is the rest of the check's time in which lost requests are reported.
	reportMargin = 200 * time.Millisecond
)

type pingCheck struct{}

func pingType() collect.Type {
	return collect.Type{
		Name:    "remote.ping",
		Summary: "ICMP echo requests to a host: loss and round-trip times",
		Details: append([]collect.Detail{
			{Name: "count", Role: schedule.Free, Kind: detail.Integer, Min: 1, Max: maxProbes, Default: strconv.Itoa(defaultProbes),
				Summary: "requests to send"},
		}, targetDetails(true, "")...),
		KeyMetrics: []string{"available", "average", "minimum", "maximum"},
		Checker:    pingCheck{},
	}
}

// Check sends requests. Without any reply, the metric available is 0 and the state available, as
// alarms on that metric expect. Where no request can be sent, the check is unavailable.
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
		return collect.Report{}, describeError(ctx, "pinging "+host, err)
	}
	if err := req.Guard.Dial("icmp", host, netip.AddrPortFrom(to, 0)); err != nil {
		return collect.Report{}, err
	}
	p, err := newProber(to)
	if err != nil {
		return collect.Report{}, describeError(ctx, "pinging "+host, err)
	}
	defer p.close()
	stop := context.AfterFunc(ctx, p.close)
	defer stop()
	interval, wait := probeInterval, replyTimeout
	if deadline, ok := ctx.Deadline(); ok {
		interval, wait = shareTime(time.Until(deadline), count)
	}
	trips, err := p.ping(int(count), interval, wait)
	if err != nil || ctx.Err() != nil {
		return collect.Report{}, describeError(ctx, "pinging "+host, err)
	}
	report := collect.Report{Metrics: pingMetrics(trips, count)}
	if len(trips) == 0 {
		report.Status = fmt.Sprintf("no reply to %d echo requests from %s", count, sanitize(host, maxHostShown))
	}
	return report, nil
}

// shareTime shares a check's time between the intervals of its requests and the wait for replies
// after the last one.
func shareTime(left time.Duration, count int64) (interval, wait time.Duration) {
	left = max(left-reportMargin, 0)
	interval = min(probeInterval, left/time.Duration(2*count))
	return interval, min(replyTimeout, left-interval*time.Duration(count-1))
}

// readPing reads the details.
func readPing(check schedule.Check) (host string, count int64, only family, err error) {
	if host, err = requiredTarget(check); err != nil {
		return
	}
	if count, err = check.Details.Int("count", defaultProbes); err != nil {
		return
	}
	if count < 1 || count > maxProbes {
		text, _ := check.Details.Text("count")
		err = wrongDetail("count", text, fmt.Sprintf("a number from 1 to %d", maxProbes))
		return
	}
	only, err = targetFamily(check.Details)
	return
}

// pingMetrics returns the metrics for count requests and the round-trip times of the replies.
func pingMetrics(trips []time.Duration, count int64) []collect.Metric {
	var f collect.MetricBuilder
	f.Double("available", 100*float64(len(trips))/float64(count), "percent")
	addInt32(&f, "count", count, "count")
	if len(trips) == 0 {
		return f.Metrics
	}
	least, most, sum := trips[0], trips[0], time.Duration(0)
	for _, d := range trips {
		least, most, sum = min(least, d), max(most, d), sum+d
	}
	f.Double("average", toMilliseconds(sum)/float64(len(trips)), "milliseconds")
	f.Double("minimum", toMilliseconds(least), "milliseconds")
	f.Double("maximum", toMilliseconds(most), "milliseconds")
	return f.Metrics
}

func toMilliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
