package report

import (
	"context"
	"errors"
	"slices"
	"strconv"

	"virgo/cmd/virgo-endpoint/internal/intake"
)

// lossCheck is the check under whose id an agent reports what it lost.
const lossCheck = "agent.virgo.loss"

// A Loss is an agent's report of results that it lost before they were delivered.
type Loss struct {
	Reported int64   `json:"reported_ms" doc:"When it was reported: milliseconds since the Unix epoch."`
	Status   string  `json:"status" doc:"A sentence for people."`
	Causes   []Cause `json:"causes" nullable:"false" doc:"What was lost, by cause."`
}

// A Cause is why results were lost. A number that the agent does not know is null.
type Cause struct {
	Cause        string `json:"cause" doc:"For programs."`
	Results      *int64 `json:"results" doc:"Number of results."`
	Bytes        *int64 `json:"bytes" doc:"What they took."`
	From         *int64 `json:"from_ms" doc:"When the first of them was made."`
	To           *int64 `json:"to_ms" doc:"When the last of them was made."`
	DamagedFiles *int64 `json:"damaged_files" doc:"Files that nothing could be read from."`
}

// Losses returns what an agent reported as lost, the newest first: at most limit reports.
func Losses(ctx context.Context, src LatestSource, agentID string, limit int) ([]Loss, error) {
	list := []Loss{}
	var unread *intake.UnreadError
	err := src.Results(ctx, intake.Filter{AgentID: agentID, CheckID: lossCheck, Limit: limit}, func(r intake.Result) error {
		metrics, err := intake.Metrics(r.Params)
		if err != nil {
			return nil // an agent of a later version may say it otherwise: the sentence stands
		}
		list = append(list, Loss{r.PlaceInTime().UnixMilli(), r.Status, causes(metrics)})
		return nil
	})
	if err != nil && !errors.As(err, &unread) {
		return nil, err
	}
	slices.Reverse(list)
	return list, nil
}

func causes(metrics []intake.Metric) []Cause {
	list := []Cause{}
	for _, m := range metrics {
		n, err := strconv.ParseInt(m.Value, 10, 64)
		if err != nil || m.Dimension == "" {
			continue
		}
		if last := len(list) - 1; last < 0 || list[last].Cause != m.Dimension {
			list = append(list, Cause{Cause: m.Dimension})
		}
		c := &list[len(list)-1]
		switch m.Name {
		case "lost_results":
			c.Results = &n
		case "lost_bytes":
			c.Bytes = &n
		case "lost_from_ms":
			c.From = &n
		case "lost_to_ms":
			c.To = &n
		case "damaged_files":
			c.DamagedFiles = &n
		}
	}
	return list
}
